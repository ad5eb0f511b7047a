"""The drawing as DOT, for Graphviz and all that reads its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.views.boxes import Boxes
from mlflow_tmpl.views.palette import LIGHT
from mlflow_tmpl.views.shapes import facts, setting
from mlflow_tmpl.views.statuses import style_of
from mlflow_tmpl.views.visible import contents, everything

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.views.graph import DatasetView, GraphView, NodeView, ParameterView


def to_dot(view: GraphView) -> str:
    """Return a directed graph whose vertices carry the model's ids; boxes are clusters, and all are open."""
    boxes = Boxes(view)
    seen = everything(view, boxes)
    vertices = {
        **{node.id: _node(node, boxed=node.id in boxes.parents) for node in view.nodes},
        **{dataset.id: _dataset(dataset) for dataset in view.datasets},
        **{parameter.id: _parameter(parameter) for parameter in view.parameters},
    }
    lines = [
        f"digraph {_quoted(view.title)} {{",
        '    graph [rankdir="TB", nodesep="0.3", ranksep="0.45", fontname="Helvetica", fontsize="11"];',
        '    node [fontname="Helvetica", fontsize="11", height="0.4", style="filled"];',
        f'    edge [color="{LIGHT["line"]}", arrowsize="0.6"];',
        *_boxes("", contents(seen), vertices, boxes),
    ]
    parameters = {parameter.id for parameter in view.parameters}
    for source, target in seen.edges:
        dotted = ' [style="dotted"]' if source in parameters else ""
        lines.append(f"    {_quoted(source)} -> {_quoted(target)}{dotted};")
    return "\n".join([*lines, "}"]) + "\n"


def _boxes(
    box: str,
    inside: Mapping[str, Sequence[str]],
    vertices: Mapping[str, Mapping[str, str]],
    boxes: Boxes,
    indent: str = "    ",
) -> Iterator[str]:
    """Yield the lines of what lies in a box; boxes are nested as deep as a name has dots."""
    for id_ in inside[box]:
        if id_ not in inside:
            yield f"{indent}{_quoted(id_)} [{_attributes(vertices[id_])}];"
            continue
        look = {"style": "filled,rounded", "fillcolor": LIGHT["frame"], "color": LIGHT["border"]}
        yield f"{indent}subgraph {_quoted(f'cluster_{id_}')} {{"
        yield f"{indent}    graph [{_attributes({'label': boxes.boxes[id_].label, **look})}];"
        yield from _boxes(id_, inside, vertices, boxes, indent + "    ")
        yield f"{indent}}}"


def _quoted(text: str) -> str:
    """Return a text as a DOT string; a line break in it stays one on the drawing."""
    cleaned = text.replace("\x00", "").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + cleaned.replace("\r", "").replace("\n", "\\n") + '"'


def _attributes(attributes: Mapping[str, str]) -> str:
    return ", ".join([f"{key}={_quoted(value)}" for key, value in attributes.items()])


def _node(node: NodeView, *, boxed: bool) -> dict[str, str]:
    name, fact = node.short_name if boxed else node.name, facts(node)
    return {
        "label": f"{name}\n{fact}" if fact else name,
        "shape": "box",
        "style": "filled,rounded",
        "fillcolor": LIGHT["card"],
        "color": LIGHT[style_of(node.status).tone],
        "fontcolor": LIGHT["ink"],
        "tooltip": node.name,
    }


def _dataset(dataset: DatasetView) -> dict[str, str]:
    return {
        "label": dataset.name,
        "shape": "ellipse" if dataset.memory else "cylinder",
        "style": "filled,dashed" if dataset.memory else "filled",
        "fillcolor": LIGHT["data"],
        "color": LIGHT["data_line"],
        "fontcolor": LIGHT["data_ink"],
    }


def _parameter(parameter: ParameterView) -> dict[str, str]:
    return {
        "label": setting(parameter),
        "shape": "hexagon",
        "fillcolor": LIGHT["param"],
        "color": LIGHT["param_line"],
        "fontcolor": LIGHT["param_ink"],
    }
