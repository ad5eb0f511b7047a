"""The drawing as Mermaid text, which code forges and notebooks show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlflow_tmpl.views.palette import LIGHT, TONES
from mlflow_tmpl.views.shapes import shown
from mlflow_tmpl.views.statuses import duration, in_words, style_of

if TYPE_CHECKING:
    from mlflow_tmpl.views.graph import GraphView, NodeView

_ENTITIES = {
    '"': "#quot;",
    "#": "#35;",
    "&": "#amp;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
    "\\": "#92;",
    ";": "#59;",
}
_ESCAPED = str.maketrans(_ENTITIES)


def to_mermaid(view: GraphView) -> str:
    """Return a Mermaid flow chart: nodes are boxes, datasets drums (in memory: pills), parameters hexagons.

    Vertices are numbered, so that no name can be taken for a word of Mermaid's.
    """
    numbers: dict[str, str] = {}
    lines = [
        "---",
        f"title: {json.dumps(' '.join(view.title.split()), ensure_ascii=False)}",
        "---",
        "flowchart TD",
    ]
    for count, node in enumerate(view.nodes):
        numbers[node.id] = f"n{count}"
        lines.append(f'    n{count}["{_node_label(node)}"]:::{style_of(node.status).tone}')
    for count, dataset in enumerate(view.datasets):
        numbers[dataset.id] = f"d{count}"
        left, right = ("([", "])") if dataset.memory else ("[(", ")]")
        lines.append(f'    d{count}{left}"{_label(dataset.name)}"{right}:::data')
    for count, parameter in enumerate(view.parameters):
        numbers[parameter.id] = f"p{count}"
        known = parameter.key and parameter.value is not None
        text = f"{parameter.key} = {shown(parameter.value)}" if known else parameter.key or "parameters"
        lines.append(f'    p{count}{{{{"{_label(text)}"}}}}:::param')
    for edge in view.edges:
        source = numbers[edge.source]
        lines.append(f"    {source} {'-.->' if source[0] == 'p' else '-->'} {numbers[edge.target]}")
    return "\n".join([*lines, *_classes()]) + "\n"


def _label(text: str) -> str:
    return " ".join(text.split()).translate(_ESCAPED)


def _node_label(node: NodeView) -> str:
    facts = " · ".join([fact for fact in (in_words(node.status), duration(node.duration_s)) if fact])
    return _label(node.name) + (f"<br/>{_label(facts)}" if facts else "")


def _classes() -> list[str]:
    ink = f"color:{LIGHT['ink']}"
    return [
        *(f"    classDef {tone} fill:{LIGHT['card']},stroke:{LIGHT[tone]},{ink}" for tone in TONES),
        f"    classDef data fill:{LIGHT['data']},stroke:{LIGHT['data_line']},color:{LIGHT['data_ink']}",
        f"    classDef param fill:{LIGHT['param']},stroke:{LIGHT['param_line']},color:{LIGHT['param_ink']}",
    ]
