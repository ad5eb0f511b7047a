"""`mlo run --sweep`: a run for each value of a parameter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import paper_for, print_lines

if TYPE_CHECKING:
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.engine.sweep import Sweep
    from mlflow_tmpl.project import Project


def swept_in(params: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parameters that the command line gives a list."""
    from mlflow_tmpl.config import parse_assignment

    leaves = (leaf for text in params for leaf in parse_assignment(text).leaves())
    return tuple(key for key, leaf in leaves if isinstance(leaf.data, list))


def tell_point(event: Event) -> None:
    """Say which point of a sweep is about to run."""
    from mlflow_tmpl.engine.events import PointStarted

    if isinstance(event, PointStarted):
        from mlflow_tmpl.views.sweeps import point_text

        head = f"point {event.number} of {event.count}: {point_text(event.params)}"
        click.echo(paper_for(sys.stderr).paint(head, bold=True), err=True)


def told_plans(
    project: Project, pipelines: tuple[str, ...], asked: dict[str, Any], say: bool
) -> dict[str, Any]:
    """Return what a sweep would do as plain data, having printed it if that was asked for."""
    from mlflow_tmpl.asked import told_apart
    from mlflow_tmpl.project.sweeping import plan_sweep

    settings = {key: value for key, value in asked.items() if key not in {"over", "params"}}
    plans = plan_sweep(project, pipelines, told_apart(asked["params"], settings)[0], asked["over"])
    if say:
        from mlflow_tmpl.views.sweeps import sweep_plan_lines

        print_lines(sweep_plan_lines(plans, paper_for(sys.stdout)))
    return {"points": [{"params": params, **plan.to_json()} for params, plan in plans]}


def told_sweep(sweep: Sweep, project: Project, *, say: bool) -> dict[str, Any]:
    """Return what came of a sweep as plain data, having printed it if that was asked for."""
    from mlflow_tmpl.cli.run import told_result

    if say:
        from mlflow_tmpl.views.sweeps import sweep_lines

        print_lines(sweep_lines(sweep, project.ledger.points(sweep.id), paper_for(sys.stdout)))
    return {
        "id": sweep.id,
        "status": sweep.status,
        "duration_s": round(sweep.duration_s, 6),
        "points": [{"params": each.params, **told_result(each.result, project)} for each in sweep.points],
    }
