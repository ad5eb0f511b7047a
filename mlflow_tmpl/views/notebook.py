"""How a notebook shows pipelines and plans: the drawing, and as text what the terminal shows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mlflow_tmpl.masking import mask_text
from mlflow_tmpl.views.graph import LastRun, build_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.views.graph import GraphView

CLASS = "mlo-graph"
"""Of drawings in a notebook, whose style sheet counts for the whole page."""
MOST_VERTICES = 500
"""A drawing with more is left to the text: a notebook keeps what it shows."""
MOST_LINES = 200
COLUMNS = 100


def pipeline_bundle(pipeline: Pipeline) -> dict[str, str]:
    """Return a pipeline by kinds of media, in the manner of ``_repr_mimebundle_``."""
    from mlflow_tmpl.views.terminal import draw

    view = build_graph(pipeline, title="pipeline")
    return _bundle(view, draw(view, width=COLUMNS).splitlines(), "")


def plan_bundle(plan: Plan) -> dict[str, str]:
    """Return a plan by kinds of media: what is done about each node, and why."""
    from mlflow_tmpl.views.lines import Paper, plan_lines, plan_summary

    last = {
        step.node.name: LastRun(
            step.action.value, reasons=tuple([mask_text(str(each)) for each in step.reasons])
        )
        for step in plan.steps
    }
    view = build_graph(
        plan.pipeline,
        title=plan_summary(plan),
        last=last,
        describe=lambda name: {**plan.catalog.describe(name), "memory": plan.catalog.is_memory(name)},
    )
    lines = [mask_text(line) for line in plan_lines(plan, Paper(COLUMNS))]
    return _bundle(view, lines, f"<p>{escape(view.title)}</p>{_reasons(view)}")


def _bundle(view: GraphView, lines: list[str], below: str) -> dict[str, str]:
    more = len(lines) - MOST_LINES
    if more > 0:
        lines = [*lines[:MOST_LINES], f"and {more:,} more"]
    told = {"text/plain": "\n".join(lines)}
    html = "".join(_drawn(view))
    return {**told, "text/html": html + below} if html else told


def _drawn(view: GraphView) -> Iterator[str]:
    from mlflow_tmpl.views.boxes import Boxes
    from mlflow_tmpl.views.svg import draw_svg
    from mlflow_tmpl.views.visible import seen_first

    if view.nodes and len(seen_first(view, Boxes(view)).ids) <= MOST_VERTICES:
        yield f'<div style="max-height: 640px; overflow: auto">{draw_svg(view, name=CLASS).text}</div>'


def _reasons(view: GraphView) -> str:
    """Return a table of the nodes that something is to be said of."""
    rows = [
        f"<tr>{_cell(node.name)}{_cell(node.status)}{_cell(*node.reasons)}</tr>"
        for node in view.nodes
        if node.reasons
    ]
    return f"<table><tbody>{''.join(rows[:MOST_LINES])}</tbody></table>" if rows else ""


def _cell(*lines: str) -> str:
    return f'<td style="text-align: left">{"<br>".join([escape(line) for line in lines])}</td>'
