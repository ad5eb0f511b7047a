"""Running: a plan, recorded by whoever listens; or a pipeline alone, in memory."""

from __future__ import annotations

from functools import partial
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.capture import Capture
from mlflow_tmpl.engine.decisions import Planned, RunAll
from mlflow_tmpl.engine.engines import open_executor
from mlflow_tmpl.engine.events import RunFinished, RunStarted
from mlflow_tmpl.engine.identity import new_run_id
from mlflow_tmpl.engine.keeping import Keeping
from mlflow_tmpl.engine.loop import Loop
from mlflow_tmpl.engine.memory import Values
from mlflow_tmpl.engine.result import RunResult
from mlflow_tmpl.errors import UsageError, did_you_mean
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.pipeline.names import base_name, is_parameter, parameter_key
from mlflow_tmpl.planning.plan import memory_makers
from mlflow_tmpl.planning.wiring import check_wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.engine.events import Event, Listener
    from mlflow_tmpl.planning import BoundParameter, Plan
    from mlflow_tmpl.planning.conditions import Conditions
    from mlflow_tmpl.store.keeping import Keeper
    from mlflow_tmpl.store.kept import KeptValues


_GIVES = frozenset({"done", "reused"})
"""Statuses of nodes whose saved outputs are those of this run; behind any other lies what an earlier one left."""


def execute(
    plan: Plan,
    listeners: Sequence[Listener] = (),
    *,
    engine: str = "auto",
    jobs: int | None = None,
    keep_going: bool = False,
    context: Mapping[str, Any] | None = None,
    run_id: str = "",
    keeper: Keeper | None = None,
) -> RunResult:
    """Run a plan.

    Args:
        plan: what is to be done.
        listeners: are told what happens.
        engine: where nodes run.
        jobs: how many at a time.
        keep_going: whether a failure leaves alone what does not depend on it.
        context: how the run was asked for; the listeners get it.
        run_id: of the run; a new one unless given.
        keeper: keeps values that take long to make.

    Raises:
        NodeFailure: the first node that failed; its `result` has what came of all.
        BaseException: what interrupted the run, once what had finished is recorded.
    """

    def emit(event: Event) -> None:
        _tell(told, event)

    keeping = (
        Keeping(plan.shelf, plan.catalog, emit, plan.pipeline.producers) if plan.shelf is not None else None
    )
    told = (keeping, *listeners) if keeping is not None else tuple(listeners)
    name, executor = open_executor(engine, jobs)
    run_id, started = run_id or new_run_id(), perf_counter()
    values = Values(plan.pipeline, {}, plan.catalog.copy_mode)
    status, capture = "cancelled", Capture()
    try:
        emit(RunStarted(run_id, plan, {**(context or {}), "engine": name}, time()))
        loop = Loop(
            plan.pipeline,
            plan.catalog,
            plan.parameters,
            Planned(plan, keeping.restore if keeping is not None else None),
            plan.demands,
            values,
            emit,
            keeper=keeper,
            keep_going=keep_going,
            capture=capture,
        )
        with capture.listening():
            loop.run(executor)
        if not loop.failures:
            plan.catalog.confirm(plan.pipeline.inputs)
        status = "failed" if loop.failures else "done"
    finally:
        try:
            if keeping is not None:
                keeping.close()
        finally:
            emit(RunFinished(run_id, status, time(), perf_counter() - started))
    notes = keeping.notes if keeping is not None else ()
    kept = _kept_outputs(plan, loop, keeper.kept) if keeper is not None else {}
    return _result(run_id, plan.pipeline, plan.catalog, loop, values, perf_counter() - started, notes, kept)


def _kept_outputs(plan: Plan, loop: Loop, kept: KeptValues) -> dict[str, Callable[[], Any]]:
    """Return how to read the values that the run gives back and that no node of it had to make."""
    return {
        name: partial(kept.load, plan.decider.expected(name))
        for node, ended in zip(plan.pipeline.nodes, loop.nodes, strict=True)
        if ended.status == "reused"
        for name in plan.decider.final_outputs(node)
    }


def run(
    pipeline: Pipeline | Node | Iterable[Node | Pipeline | Callable[..., Any]],
    data: Mapping[str, Any] | None = None,
    *,
    catalog: Catalog | None = None,
    engine: str = "inline",
    jobs: int | None = None,
) -> RunResult:
    """Run a pipeline without a project: in memory, nothing recorded, nothing reused.

    Args:
        pipeline: the nodes.
        data: free inputs by name; parameters as ``params:key``, or all of them as ``parameters``.
        catalog: datasets that are loaded and saved; what it does not name stays in memory.
        engine: where nodes run.
        jobs: how many at a time.

    Raises:
        MloError: inputs or parameters that are missing or not taken by any node.
        NodeFailure: a node failed; the error that it raised is its ``__cause__``.

    Example:
        >>> def double(x): return 2 * x
        >>> run(Pipeline([Node(double, "x", "y")]), {"x": 1})["y"]
        2
    """
    from mlflow_tmpl.catalog import Catalog

    whole = (
        pipeline
        if isinstance(pipeline, Pipeline)
        else Pipeline([pipeline] if isinstance(pipeline, Node) else pipeline)
    )
    given = {name: value for name, value in (data or {}).items() if not is_parameter(name)}
    configured = _configured(
        whole, {name: value for name, value in (data or {}).items() if is_parameter(name)}
    )
    parameters = _parameters(whole, configured)
    _check_taken(whole, given)
    datasets = catalog if catalog is not None else Catalog()
    check_wiring(whole, datasets, given)
    started = perf_counter()
    values = Values(whole, given, datasets.copy_mode if catalog is not None else None)
    demands = memory_makers(whole, datasets)
    decisions = RunAll(whole, _conditions(whole, configured, datasets, values))
    loop = Loop(whole, datasets, parameters, decisions, demands, values, None)
    loop.run(open_executor(engine, jobs)[1])
    return _result("", whole, datasets, loop, values, perf_counter() - started)


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


def _result(
    run_id: str,
    pipeline: Pipeline,
    catalog: Catalog,
    loop: Loop,
    values: Values,
    duration_s: float,
    notes: tuple[str, ...] = (),
    kept: Mapping[str, Callable[[], Any]] | None = None,
) -> RunResult:
    left = {name: values[name] for name in pipeline.outputs if name in values}
    given = [node for node, ended in zip(pipeline.nodes, loop.nodes, strict=True) if ended.status in _GIVES]
    saved = tuple(name for node in given for name in node.outputs if not catalog.is_memory(name))
    status = "failed" if loop.failures else "done"
    result = RunResult(
        run_id, status, loop.nodes, duration_s, left, saved, pipeline.outputs, catalog, notes, kept
    )
    if loop.failures:
        loop.failures[0].result = result
        raise loop.failures[0]
    return result


def _configured(pipeline: Pipeline, given: Mapping[str, Any]) -> Value | None:
    """Return the parameters that are given as data; ``None`` if the pipeline takes none."""
    _check_parameters(pipeline, given)
    if not pipeline.parameters:
        return None
    from mlflow_tmpl.config import Origin, located, merge

    origin = Origin("data")
    every = located({}, origin)
    for name, value in given.items():
        plain = value
        for part in reversed([part for part in parameter_key(name).split(".") if part]):
            plain = {part: plain}
        every = merge(every, located(plain, origin))
    return every


def _parameters(
    pipeline: Pipeline, configured: Value | None
) -> Sequence[Mapping[str, BoundParameter]] | None:
    if configured is None:
        return None
    from mlflow_tmpl.planning import bind_parameters

    return bind_parameters(pipeline, configured)


def _conditions(
    pipeline: Pipeline, configured: Value | None, catalog: Catalog, values: Values
) -> Conditions | None:
    if all(node.when is None for node in pipeline.nodes):
        return None
    from mlflow_tmpl.planning.conditions import Conditions

    return Conditions(
        pipeline, configured, lambda name: values[name] if name in values else catalog.load(name)
    )


def _check_parameters(pipeline: Pipeline, given: Mapping[str, Any]) -> None:
    """Refuse a parameter that no node takes, be it as a part of a larger one."""
    for name in given:
        key = parameter_key(name)
        if not any(_overlap(key, parameter_key(taken)) for taken in pipeline.parameters):
            raise UsageError(
                f"{name!r} is given as data, and the pipeline does not take it",
                hint=did_you_mean(name, pipeline.parameters)
                or f"it takes {', '.join(sorted(pipeline.parameters)) or 'no parameters'}",
            )


def _overlap(one: str, other: str) -> bool:
    """Tell whether two dotted keys are the same or one lies in the other; the empty key has all in it."""
    return not one or not other or f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _check_taken(pipeline: Pipeline, given: Mapping[str, Any]) -> None:
    free = {base_name(name) for name in pipeline.inputs}
    for name in given:
        if base_name(name) not in free:
            problem = "makes it itself" if base_name(name) in pipeline.producers else "does not take it"
            raise UsageError(
                f"{name!r} is given as data, and the pipeline {problem}",
                hint=did_you_mean(name, free) or f"it takes {', '.join(sorted(free)) or 'no data'}",
            )
