"""The drawing as Mermaid text, which code forges and notebooks show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlflow_tmpl.views.boxes import Boxes
from mlflow_tmpl.views.palette import LIGHT, TONES
from mlflow_tmpl.views.shapes import closed, facts, printable, setting
from mlflow_tmpl.views.statuses import style_of
from mlflow_tmpl.views.visible import contents, seen_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.views.graph import GraphView
    from mlflow_tmpl.views.visible import Visible

MOST_EDGES = 500
"""What Mermaid draws unless whoever shows the text allows more (``maxEdges``)."""

_ENTITIES = {
    '"': "#quot;",
    "#": "#35;",
    "&": "#amp;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
    "\\": "#92;",
    ";": "#59;",
    "%": "#37;",
}
_ESCAPED = str.maketrans(_ENTITIES)


def to_mermaid(view: GraphView, *, expand: bool = False) -> str:
    """Return a Mermaid flow chart: nodes are boxes, datasets drums (in memory: pills), parameters hexagons.

    Vertices are numbered, so that no name can be taken for a word of Mermaid's.

    Args:
        view: what to draw.
        expand: whether all boxes are open; by default those that leave the drawing readable.
    """
    boxes = Boxes(view)
    seen = seen_first(view, boxes, expand=expand)
    kinds = {
        "n": [node.id for node in view.nodes],
        "d": [dataset.id for dataset in view.datasets],
        "p": [parameter.id for parameter in view.parameters],
        "b": list(boxes.boxes),
    }
    numbers = {id_: f"{kind}{at}" for kind, ids in kinds.items() for at, id_ in enumerate(ids)}
    title = json.dumps(printable(" ".join(view.title.split())), ensure_ascii=False)
    lines = ["---", f"title: {title}", "---", "flowchart TD"]
    if len(seen.edges) > MOST_EDGES:
        lines.append(f"    %% {len(seen.edges)} edges: drawn only where maxEdges is more than {MOST_EDGES}")
    lines += _boxes("", contents(seen), dict(_vertices(view, boxes, seen)), boxes, numbers)
    for pair in seen.edges:
        source, target = numbers[pair[0]], numbers[pair[1]]
        lines.append(f"    {source} {'-.->' if source[0] == 'p' else '-->'} {target}")
    return "\n".join([*lines, *_classes()]) + "\n"


def _boxes(
    box: str,
    inside: Mapping[str, Sequence[str]],
    vertices: Mapping[str, str],
    boxes: Boxes,
    numbers: Mapping[str, str],
    indent: str = "    ",
) -> Iterator[str]:
    """Yield the lines of what lies in a box; boxes are nested as deep as a name has dots."""
    for id_ in inside[box]:
        if id_ in inside:
            yield f'{indent}subgraph {numbers[id_]}["{_label(boxes.boxes[id_].label)}"]'
            yield from _boxes(id_, inside, vertices, boxes, numbers, indent + "    ")
            yield f"{indent}end"
        else:
            yield f"{indent}{numbers[id_]}{vertices[id_]}"


def _vertices(view: GraphView, boxes: Boxes, seen: Visible) -> Iterator[tuple[str, str]]:
    """Yield each vertex with its text and shape."""
    for node in view.nodes:
        name = node.short_name if node.id in boxes.parents else node.name
        yield node.id, f'["{_two_lines(name, facts(node))}"]:::{style_of(node.status).tone}'
    for dataset in view.datasets:
        left, right = ("([", "])") if dataset.memory else ("[(", ")]")
        yield dataset.id, f'{left}"{_label(dataset.name)}"{right}:::data'
    for parameter in view.parameters:
        yield parameter.id, f'{{{{"{_label(setting(parameter))}"}}}}:::param'
    nodes = {node.id: node for node in view.nodes}
    for id_ in seen.ids:
        if id_ in boxes.boxes:
            tone, fact, _ = closed(id_, boxes, nodes)
            yield id_, f'[["{_two_lines(boxes.boxes[id_].label, fact)}"]]:::{tone}'


def _two_lines(name: str, fact: str) -> str:
    return _label(name) + (f"<br/>{_label(fact)}" if fact else "")


def _label(text: str) -> str:
    return printable(" ".join(text.split())).translate(_ESCAPED) or " "


def _classes() -> list[str]:
    ink = f"color:{LIGHT['ink']}"
    return [
        *(f"    classDef {tone} fill:{LIGHT['card']},stroke:{LIGHT[tone]},{ink}" for tone in TONES),
        f"    classDef data fill:{LIGHT['data']},stroke:{LIGHT['data_line']},color:{LIGHT['data_ink']}",
        f"    classDef param fill:{LIGHT['param']},stroke:{LIGHT['param_line']},color:{LIGHT['param_ink']}",
    ]
