"""Sweeps as lines of text: their points with what each was given and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.planning.json_texts import value_text
from mlflow_tmpl.views.lines import plan_lines
from mlflow_tmpl.views.runs import comparison_table
from mlflow_tmpl.views.statuses import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from mlflow_tmpl.engine.sweep import Sweep
    from mlflow_tmpl.ledger import RunRecord
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.views.lines import Paper


def point_text(params: Mapping[str, Any]) -> str:
    """Return the values of a point in a line, as they are written: ``model.alpha=0.1 model.deep=true``."""
    return " ".join(f"{key}={value_text(value)}" for key, value in params.items())


def sweep_plan_lines(points: Sequence[tuple[Mapping[str, Any], Plan]], paper: Paper) -> Iterator[str]:
    """Yield what a sweep would do at each of its points."""
    for number, (params, plan) in enumerate(points, 1):
        yield paper.paint(f"point {number} of {len(points)}: {point_text(params)}", bold=True)
        yield from plan_lines(plan, paper)
    if len(points) > 1:
        yield "each point as things are now: what several of them share runs in the first one only"


def sweep_lines(sweep: Sweep, runs: Sequence[RunRecord], paper: Paper) -> Iterator[str]:
    """Yield what came of a sweep, and whose outputs are there afterwards.

    Args:
        sweep: it.
        runs: of its points as they were recorded, first to last.
        paper: where it is written.
    """
    count = len(sweep.points)
    points = "1 point" if count == 1 else f"{count} points"
    yield f"sweep {sweep.id[:13]} {sweep.status} in {duration(sweep.duration_s)}: {points}"
    yield from points_table(runs, paper)
    last = sweep.points[-1]
    if any(not last.result.in_memory(name) for name in last.result.outputs):
        whose = point_text(last.params) if last.result.status == "done" else "the last point that made each"
        yield f"saved outputs are those of {whose};"
        yield "those of another: mlo catalog restore NAME RUN"


def points_table(runs: Sequence[RunRecord], paper: Paper) -> Iterator[str]:
    """Yield the points of a sweep, a line each: its run, the values that it was given, its metrics."""
    swept = list(dict.fromkeys(key for run in runs for key in run.swept))
    given = {key: [run.tags.get(key, "") for run in runs] for key in swept}
    yield from comparison_table(runs, {**given, "took": [duration(run.duration_s) for run in runs]}, paper)
