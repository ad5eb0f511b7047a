"""The drawing as DOT, for Graphviz and all that reads its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.views.palette import LIGHT
from mlflow_tmpl.views.shapes import shown
from mlflow_tmpl.views.statuses import duration, in_words, style_of

if TYPE_CHECKING:
    from mlflow_tmpl.views.graph import DatasetView, GraphView, NodeView, ParameterView


def to_dot(view: GraphView) -> str:
    """Return a directed graph whose vertices carry the model's ids."""
    lines = [
        f"digraph {_quoted(view.title)} {{",
        '    graph [rankdir="TB", nodesep="0.3", ranksep="0.45"];',
        '    node [fontname="Helvetica", fontsize="11", height="0.4", style="filled"];',
        f'    edge [color="{LIGHT["line"]}", arrowsize="0.6"];',
        *map(_node, view.nodes),
        *map(_dataset, view.datasets),
        *map(_parameter, view.parameters),
    ]
    parameters = {parameter.id for parameter in view.parameters}
    for edge in view.edges:
        dotted = ' [style="dotted"]' if edge.source in parameters else ""
        lines.append(f"    {_quoted(edge.source)} -> {_quoted(edge.target)}{dotted};")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    """Return a text as a DOT string; a line break in it stays one on the drawing."""
    cleaned = text.replace("\x00", "").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + cleaned.replace("\r", "").replace("\n", "\\n") + '"'


def _vertex(name: str, **attributes: str) -> str:
    written = ", ".join([f"{key}={_quoted(value)}" for key, value in attributes.items()])
    return f"    {_quoted(name)} [{written}];"


def _node(node: NodeView) -> str:
    facts = " · ".join([fact for fact in (in_words(node.status), duration(node.duration_s)) if fact])
    return _vertex(
        node.id,
        label=f"{node.name}\n{facts}" if facts else node.name,
        shape="box",
        style="filled,rounded",
        fillcolor=LIGHT["card"],
        color=LIGHT[style_of(node.status).tone],
        fontcolor=LIGHT["ink"],
    )


def _dataset(dataset: DatasetView) -> str:
    return _vertex(
        dataset.id,
        label=dataset.name,
        shape="ellipse" if dataset.memory else "cylinder",
        style="filled,dashed" if dataset.memory else "filled",
        fillcolor=LIGHT["data"],
        color=LIGHT["data_line"],
        fontcolor=LIGHT["data_ink"],
    )


def _parameter(parameter: ParameterView) -> str:
    known = parameter.key and parameter.value is not None
    return _vertex(
        parameter.id,
        label=f"{parameter.key} = {shown(parameter.value)}" if known else parameter.key or "parameters",
        shape="hexagon",
        fillcolor=LIGHT["param"],
        color=LIGHT["param_line"],
        fontcolor=LIGHT["param_ink"],
    )
