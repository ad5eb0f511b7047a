"""Running a plan: what happens is told to whoever listens, and what comes of it is given back."""

from __future__ import annotations

from functools import partial
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.capture import Capture
from mlflow_tmpl.engine.decisions import Planned
from mlflow_tmpl.engine.engines import Engines
from mlflow_tmpl.engine.events import RunFinished, RunNoted, RunStarted
from mlflow_tmpl.engine.identity import new_run_id
from mlflow_tmpl.engine.keeping import Keeping
from mlflow_tmpl.engine.loop import Loop
from mlflow_tmpl.engine.memory import Values
from mlflow_tmpl.engine.result import result_of
from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.engine.way import way_of
from mlflow_tmpl.planning import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.engine.events import Event, Listener
    from mlflow_tmpl.engine.result import RunResult
    from mlflow_tmpl.engine.way import Seconds, Way
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.store.keeping import Keeper
    from mlflow_tmpl.store.kept import KeptValues


def execute(
    plan: Plan,
    listeners: Sequence[Listener] = (),
    *,
    engine: str = "auto",
    jobs: int | None = None,
    address: str | None = None,
    memory_bytes: int | None = None,
    keep_going: bool = False,
    context: Mapping[str, Any] | None = None,
    run_id: str = "",
    keeper: Keeper | None = None,
    source: Path | None = None,
    seconds: Seconds = lambda _: {},
) -> RunResult:
    """Run a plan.

    Args:
        plan: what is to be done.
        listeners: are told what happens.
        engine: where nodes run that name no engine of their own.
        jobs: how many at a time.
        address: of the cluster that the engine uses.
        memory_bytes: how much of what passes between worker processes may lie in memory.
        keep_going: whether a failure leaves alone what does not depend on it.
        context: how the run was asked for; the listeners get it.
        run_id: of the run; a new one unless given.
        keeper: keeps values that take long to make.
        source: folder that the project's modules are imported from.
        seconds: gives the last known durations of nodes by name.

    Raises:
        UsageError: there is no such engine, or it cannot do what nodes ask for.
        NodeFailure: the first node that failed; its `result` has what came of all.
        BaseException: what interrupted the run, once what had finished is recorded.
    """

    def emit(event: Event) -> None:
        _tell(told, event)

    pipeline, catalog = plan.pipeline, plan.catalog
    keeping = None if plan.shelf is None else Keeping(plan.shelf, catalog, emit, pipeline.producers)
    told = (*listeners,) if keeping is None else (keeping, *listeners)
    due = [step.action is Action.RUN for step in plan.steps]
    way = way_of(pipeline, due, engine, jobs, seconds, address)
    run_id, started, capture = run_id or new_run_id(), perf_counter(), Capture()
    told_of = source, capture, jobs, address, memory_bytes
    engines = Engines(way.choice.engine, Surroundings(run_id, catalog, pipeline.datasets, *told_of), pipeline)
    engines.check(bool(plan.count(Action.RUN)))
    values = Values(pipeline, {}, catalog.copy_mode)
    decisions = Planned(plan, keeping.restore if keeping is not None else None)
    how: dict[str, Any] = {"keeper": keeper, "keep_going": keep_going, "capture": capture, "way": way}
    loop = Loop(pipeline, catalog, plan.parameters, decisions, plan.demands, values, emit, **how)
    told_choice = {"engine": way.choice.engine, "engine_reason": way.choice.why}
    begin = RunStarted(run_id, plan, {**(context or {}), **told_choice}, time())
    _perform(begin, way, loop, engines, capture, keeping, emit)
    notes = keeping.notes if keeping is not None else ()
    kept = _kept_outputs(plan, loop, keeper.kept) if keeper is not None else {}
    return result_of(run_id, pipeline, catalog, loop, values, perf_counter() - started, notes, kept)


def _perform(
    begin: RunStarted,
    way: Way,
    loop: Loop,
    engines: Engines,
    capture: Capture,
    keeping: Keeping | None,
    emit: Callable[[Event], None],
) -> None:
    """Run a loop, and tell its begin and its end, whatever happens between them."""
    status, started, plan = "cancelled", perf_counter(), begin.plan
    try:
        emit(begin)
        for note in _notes(plan, way):
            emit(note)
        with capture.listening():
            loop.run(engines)
        if not loop.failures:
            plan.catalog.confirm(plan.pipeline.inputs)
        status = "failed" if loop.failures else "done"
    finally:
        try:
            engines.close(cancel=True)
            if keeping is not None:
                keeping.close()
        finally:
            emit(RunFinished(begin.run_id, status, time(), perf_counter() - started))


def _notes(plan: Plan, way: Way) -> Iterator[RunNoted]:
    """Yield what a user wants to know before the first node starts."""
    for warning in way.warnings:
        yield RunNoted(warning, "warning")
    if way.choice.why and plan.count(Action.RUN) > 1:
        yield RunNoted(f"{way.choice.engine}, {way.choice.why}", "engine")


def _kept_outputs(plan: Plan, loop: Loop, kept: KeptValues) -> dict[str, Callable[[], Any]]:
    """Return how to read the values that the run gives back and that no node of it had to make."""
    return {
        name: partial(kept.load, plan.decider.expected(name))
        for node, ended in zip(plan.pipeline.nodes, loop.nodes, strict=True)
        if ended.status == "reused"
        for name in plan.decider.final_outputs(node)
    }


def _tell(listeners: Sequence[Listener], event: Event) -> None:
    """Tell all listeners, also after one that fails: a display has to close though the ledger cannot be written."""
    failure: BaseException | None = None
    for listener in listeners:
        try:
            listener(event)
        except BaseException as error:  # noqa: BLE001 (raised below)
            failure = failure or error
    if failure is not None:
        raise failure
