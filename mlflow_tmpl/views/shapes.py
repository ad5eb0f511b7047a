"""What each kind of vertex looks like: its size, and its pieces of SVG; as `web/src/shapes.ts`."""

from __future__ import annotations

import json
import re
from html import escape
from math import floor
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import east_asian_width

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.statuses import WORST, duration, in_words, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlflow_tmpl.views.boxes import Boxes
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


def shapes(view: GraphView, boxes: Boxes, ids: Iterable[str]) -> Iterator[Shape]:
    """Yield the shapes of vertices and closed boxes; all nodes are of one height, so that a layer is one line."""
    nodes = {node.id: node for node in view.nodes}
    datasets = {dataset.id: dataset for dataset in view.datasets}
    parameters = {parameter.id: parameter for parameter in view.parameters}
    tall = any(node.namespace or facts(node) for node in view.nodes)
    for id_ in ids:
        if id_ in nodes:
            yield _node(nodes[id_], tall)
        elif id_ in datasets:
            yield _dataset(datasets[id_])
        elif id_ in parameters:
            yield _parameter(parameters[id_])
        else:
            yield _box(id_, boxes, nodes)


def xml(text: str) -> str:
    """Return a text for XML and HTML, without the characters that XML cannot hold at all."""
    return escape(printable(text))


def printable(text: str) -> str:
    """Return a text without the characters that no drawing can show."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is in a common sans serif face, rather more than less."""
    return size * sum([_hundredths(character) for character in text]) / 100


def _hundredths(character: str) -> int:
    """Return how wide a character is, in hundredths of its height: whole numbers, which all add up alike."""
    if character in _NARROW:
        return 36
    if character in _BROAD:
        return 92
    if character.isascii():
        return 70 if character.isupper() else 60
    return 105 if east_asian_width(character) in "WF" else 66


def rounded(width: float) -> int:
    """Round as the page does: halves up."""
    return floor(width + 0.5)


def short(text: str, longest: int = LONGEST) -> str:
    """Return a label that is cut in the middle, where names differ least."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def setting(parameter: ParameterView) -> str:
    """Return a parameter and its value on one line."""
    value = parameter.value
    if not parameter.key or value is None:
        return parameter.key or "parameters"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{parameter.key} = {shown}"


def facts(node: NodeView) -> str:
    """Return how the last run of a node ended, and how long it took."""
    return " · ".join([fact for fact in (in_words(node.status), duration(node.duration_s)) if fact])


def _text(name: str, x: float, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x:g}" y="{y:g}">{xml(text)}</text>'


def _node(node: NodeView, tall: bool) -> Shape:
    tone, fact = style_of(node.status).tone, facts(node)
    name = short(node.short_name)
    height = 46.0 if tall else 34.0
    width = rounded(max(text_width(name, 13.3), text_width(fact, 10.5)) + 48)
    body = (
        f'<rect class="box" width="{width}" height="{height:g}" rx="8"/>{_lit(tone, height / 2, name, fact)}'
    )
    label = f"node {node.name}, {in_words(node.status) or 'never run'}"
    took = duration(node.duration_s)
    return Shape(node.id, f"node {tone}", f"{label}, {took}" if took else label, width, height, body)


def _lit(tone: str, middle: float, name: str, fact: str) -> str:
    """Return a status light, and the text beside it."""
    light = f'<circle class="light" cx="18" cy="{middle:g}" r="8"/>'
    if GLYPHS[tone]:
        light += f'<path class="glyph" transform="translate(18 {middle:g})" d="{GLYPHS[tone]}"/>'
    light += _text("name", 34, middle - 7 if fact else middle, name)
    return light + (_text("fact", 34, middle + 9, fact) if fact else "")


class Closed(NamedTuple):
    """What a closed box tells of all that lies in it.

    Attributes:
        tone: the worst of its nodes.
        fact: how many nodes, and how they ended if that can be said in short.
        told: the same in full.
    """

    tone: str
    fact: str
    told: str


def closed(id_: str, boxes: Boxes, nodes: Mapping[str, NodeView]) -> Closed:
    """Return what a closed box tells.

    Args:
        id_: of the box.
        boxes: of the graph.
        nodes: of the graph, by id.
    """
    within = [id_]
    statuses: dict[str, int] = {}
    for at in within:  # grows while it is walked
        for child in boxes.boxes[at].children:
            if child in boxes.boxes:
                within.append(child)
            elif child in nodes:
                status = nodes[child].status
                statuses[status] = statuses.get(status, 0) + 1
    tones = {style_of(status).tone for status in statuses}
    tone = next((each for each in WORST if each in tones), "none")
    many = boxes.boxes[id_].nodes
    count = f"{many} node{'' if many == 1 else 's'}"
    known = [f"{number} {in_words(status)}" for status, number in statuses.items() if status]
    told = ", ".join(known)
    return Closed(tone, f"{count} · {told}" if told and len(known) < 3 else count, ", ".join([count, *known]))


def _box(id_: str, boxes: Boxes, nodes: Mapping[str, NodeView]) -> Shape:
    tone, fact, told = closed(id_, boxes, nodes)
    label = boxes.boxes[id_].label
    name = short(label)
    width = rounded(max(text_width(name, 13.3), text_width(fact, 10.5)) + 66)
    body = (
        f'<rect class="box behind" x="4" y="4" width="{width}" height="52" rx="10"/>'
        f'<rect class="box" width="{width}" height="52" rx="10"/>{_lit(tone, 26, name, fact)}'
        f'<path class="more" d="M{width - 20} 26h9M{width - 15.5:g} 21.5v9"/>'
    )
    return Shape(id_, f"node closed {tone}", f"closed box {label}, {told}", width, 52, body)


def _dataset(dataset: DatasetView) -> Shape:
    name = short(dataset.name)
    left = 16 if dataset.memory else 34
    width = rounded(text_width(name, 12.3) + left + 18)
    body = f'<rect class="box" width="{width}" height="30" rx="15"/>'
    if not dataset.memory:  # the drum that stands for storage
        body += '<path class="icon" d="M15 11v8c0 3.2 12 3.2 12 0v-8M15 11c0 3.2 12 3.2 12 0s-12-3.2-12 0"/>'
    kind = "data memory" if dataset.memory else "data"
    label = f"dataset {dataset.name}, {'in memory' if dataset.memory else dataset.type}"
    return Shape(dataset.id, kind, label, width, 30, body + _text("name", left, 15.5, name))


def _parameter(parameter: ParameterView) -> Shape:
    key = parameter.key or "parameters"
    text = short(setting(parameter))
    width = rounded(6.7 * len(text) + 30)
    points = f"8 0 {width - 8} 0 {width} 12 {width - 8} 24 8 24 0 12"
    body = f'<polygon class="box" points="{points}"/>{_text("name", 15, 12.5, text)}'
    return Shape(parameter.id, "param", f"parameter {key}", width, 24, body)
