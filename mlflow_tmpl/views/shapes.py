"""What each kind of vertex looks like: its size, and its pieces of SVG."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from mlflow_tmpl.views.statuses import duration, in_words, style_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.views.graph import DatasetView, GraphView, NodeView, ParameterView

LONGEST = 32
"""Characters of a label; the full name is in the vertex's title."""

GLYPHS = {
    "good": "M-3.4 .3-1 2.7 3.5-2.5",
    "kept": "M3.1 1.6A3.5 3.5 0 1 1 2.7-2.3M3.2-4.4V-1.9H.7",
    "bad": "M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6",
    "busy": "M-1.6-3 3 0-1.6 3Z",
    "held": "M-1.7-2.6V2.6M1.7-2.6V2.6",
    "none": "",
}
_NARROW, _BROAD = frozenset("iIjlftr.,:;|!'()[]- "), frozenset("mwMW@%")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Shape:
    """A vertex before it has a place.

    Attributes:
        id: the vertex.
        kind: classes of its group.
        label: what it is called when it cannot be seen, and its title.
        width, height: its size.
        body: its pieces, from its upper left corner.
    """

    id: str
    kind: str
    label: str
    width: float
    height: float
    body: str


def shapes(view: GraphView, *, parameters: bool) -> Iterator[Shape]:
    """Yield the vertices of a graph; all nodes are of one height, so that a layer is one line."""
    facts = [_facts(node) for node in view.nodes]
    tall = any(facts)
    for node, fact in zip(view.nodes, facts, strict=True):
        yield _node(node, fact, tall)
    for dataset in view.datasets:
        yield _dataset(dataset)
    if parameters:
        for parameter in view.parameters:
            yield _parameter(parameter)


def xml(text: str) -> str:
    """Return a text for XML and HTML, without the characters that XML cannot hold at all."""
    return escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in a common sans serif face, rather more than less."""
    return size * sum([_em(character) for character in text])


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.36
    if character in _BROAD:
        return 0.92
    if character.isascii():
        return 0.7 if character.isupper() else 0.6
    return 1.05 if east_asian_width(character) in "WF" else 0.66


def short(text: str, longest: int = LONGEST) -> str:
    """Return a label that is cut in the middle, where names differ least."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def shown(value: object) -> str:
    """Return a parameter's value on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _facts(node: NodeView) -> str:
    facts = (short(node.namespace, 24), in_words(node.status), duration(node.duration_s))
    return " · ".join([fact for fact in facts if fact])


def _text(name: str, x: float, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x:g}" y="{y:g}">{xml(text)}</text>'


def _node(node: NodeView, fact: str, tall: bool) -> Shape:
    tone = style_of(node.status).tone
    name = short(node.short_name)
    height = 46.0 if tall else 34.0
    width = round(max(text_width(name, 13.3), text_width(fact, 10.5)) + 48)
    middle = 16 if fact else height / 2
    light = f'<circle class="light" cx="18" cy="{height / 2:g}" r="8"/>'
    if GLYPHS[tone]:
        light += f'<path class="glyph" transform="translate(18 {height / 2:g})" d="{GLYPHS[tone]}"/>'
    body = f'<rect class="box" width="{width}" height="{height:g}" rx="8"/>{light}{_text("name", 34, middle, name)}'
    body += _text("fact", 34, 32, fact) if fact else ""
    label = f"node {node.name}, {in_words(node.status) or 'never run'}"
    took = duration(node.duration_s)
    return Shape(node.id, f"node {tone}", f"{label}, {took}" if took else label, width, height, body)


def _dataset(dataset: DatasetView) -> Shape:
    name = short(dataset.name)
    left = 16 if dataset.memory else 34
    width = round(text_width(name, 12.3) + left + 18)
    body = f'<rect class="box" width="{width}" height="30" rx="15"/>'
    if not dataset.memory:  # the drum that stands for storage
        body += '<path class="icon" d="M15 11v8c0 3.2 12 3.2 12 0v-8M15 11c0 3.2 12 3.2 12 0s-12-3.2-12 0"/>'
    kind = "data memory" if dataset.memory else "data"
    label = f"dataset {dataset.name}, {'in memory' if dataset.memory else dataset.type}"
    return Shape(dataset.id, kind, label, width, 30, body + _text("name", left, 15.5, name))


def _parameter(parameter: ParameterView) -> Shape:
    key = parameter.key or "parameters"
    text = short(
        f"{key} = {shown(parameter.value)}" if parameter.key and parameter.value is not None else key
    )
    width = round(6.7 * len(text) + 30)
    points = f"8 0 {width - 8} 0 {width} 12 {width - 8} 24 8 24 0 12"
    body = f'<polygon class="box" points="{points}"/>{_text("name", 15, 12.5, text)}'
    return Shape(parameter.id, "param", f"parameter {key}", width, 24, body)
