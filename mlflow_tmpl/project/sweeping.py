"""Sweeps: a run for each of several values of parameters, and a run that stands for all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.asked import overriding
from mlflow_tmpl.errors import MloError, UsageError
from mlflow_tmpl.planning.json_texts import value_text
from mlflow_tmpl.project.running import context_of, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlflow_tmpl.asked import Asked, Manner
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.engine import NodeFailure
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.engine.sweep import Sweep
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.project.project import Project

    Path = tuple[str, ...]

CAUSE = "sweep"
"""Of the runs that a sweep makes, and of the one that stands for all of them."""


def points_of(asked: Asked, over: Sequence[str] | None = None) -> list[tuple[dict[str, Any], Asked]]:
    """Return the points of a sweep: for each the values of what is swept, and what its run is asked for.

    Several parameters with several values make a grid, of which the last one named changes fastest.

    Args:
        asked: what is asked for, with a list for each swept parameter.
        over: dotted keys of the parameters that are swept; all that are given a list unless given.

    Raises:
        UsageError: nothing is swept, or over no value.
    """
    given = overriding(asked.params)
    axes: dict[Path, Value] = {}
    for value in given:
        axes.update((path, leaf) for path, leaf in _lists(value) if over is None or ".".join(path) in over)
    if not axes:
        raise UsageError(
            "there is nothing to sweep over: no parameter is given a list",
            hint="give one, as in --params model.alpha=[0.1,0.5] --sweep",
        )
    for path, leaf in axes.items():
        if not leaf.data:
            raise UsageError(
                f"parameter {'.'.join(path)!r} is swept over an empty list", where=str(leaf.origin)
            )
    points = []
    for chosen in product(*(leaf.data for leaf in axes.values())):
        at = dict(zip(axes, chosen, strict=True))
        params = {".".join(path): item.plain() for path, item in at.items()}
        points.append((params, replace(asked, params=[_pinned(value, at) for value in given])))
    return points


def _lists(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Yield where in a mapping there are lists, and these."""
    if type(value.data) is dict:
        for key, inner in value.data.items():
            yield from _lists(inner, (*path, key))
    elif type(value.data) is list:
        yield path, value


def _pinned(value: Value, at: Mapping[Path, Value], path: Path = ()) -> Value:
    """Return a mapping with one item in the place of each list."""
    if path in at:
        return at[path]
    if type(value.data) is not dict:
        return value
    return replace(value, data={key: _pinned(inner, at, (*path, key)) for key, inner in value.data.items()})


def plan_sweep(
    project: Project, pipelines: Sequence[str], asked: Asked, over: Sequence[str] | None
) -> list[tuple[dict[str, Any], Plan]]:
    """Return what a sweep would do at each point, as things are now.

    Raises:
        MloError: anything that can be known to be wrong before a node starts, at any point.
    """
    return [
        (params, project.planner.plan(pipelines, each, lambda _: True))
        for params, each in points_of(asked, over)
    ]


def sweep(
    project: Project, pipelines: Sequence[str], asked: Asked, manner: Manner, over: Sequence[str] | None
) -> Sweep:
    """Run a pipeline once for each point; the arguments are those of `Project.sweep`."""
    from mlflow_tmpl.engine import NodeFailure
    from mlflow_tmpl.engine.events import PointStarted, RunFinished, RunStarted
    from mlflow_tmpl.engine.identity import new_run_id
    from mlflow_tmpl.engine.sweep import Point, Sweep

    plans = plan_sweep(project, pipelines, asked, over)
    points, keep_going = points_of(asked, over), _keeps_going(project, manner)
    swept = tuple(points[0][0])
    identity, started, status = new_run_id(), perf_counter(), "cancelled"
    ran: list[Point] = []
    failures: list[NodeFailure] = []
    with (
        project.hooks.during(project.ledger, manner.listeners) as told,
        project.ledger.recording(identity) as recorders,
    ):
        tell = _teller((*recorders, *told))
        as_asked = replace(manner, cause=manner.cause or CAUSE)
        context = context_of(project, plans[0][1], pipelines, asked, as_asked, swept)
        engine = manner.engine or project.settings.defaults.engine
        tell(RunStarted(identity, plans[0][1], {**context, "engine": engine}, time()))
        try:
            for number, (params, each) in enumerate(points, 1):
                for listener in manner.listeners:
                    listener(PointStarted(number, len(points), params))
                tags = {**manner.tag, **{key: value_text(value) for key, value in params.items()}}
                own = replace(manner, cause=CAUSE, parent=identity, tag=tags)
                try:
                    ran.append(Point(params, run(project, pipelines, each, own)))
                except NodeFailure as failure:
                    assert failure.result is not None
                    failures.append(failure)
                    ran.append(Point(params, failure.result))
                    if not keep_going:
                        break
            status = "failed" if failures else "done"
        except MloError:
            status = "failed"
            raise
        finally:
            tell(RunFinished(identity, status, time(), perf_counter() - started))
    made = Sweep(identity, status, tuple(ran), perf_counter() - started)
    if failures:
        failures[0].sweep = made
        raise failures[0]
    return made


def _keeps_going(project: Project, manner: Manner) -> bool:
    return project.settings.defaults.keep_going if manner.keep_going is None else manner.keep_going


def _teller(listeners: Sequence[Callable[[Event], None]]) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell
