"""Running a pipeline alone: without a project, in memory, recorded by nobody."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.decisions import RunAll
from mlflow_tmpl.engine.engines import Engines
from mlflow_tmpl.engine.loop import Loop
from mlflow_tmpl.engine.memory import Values
from mlflow_tmpl.engine.result import RunResult, result_of
from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.engine.way import way_of
from mlflow_tmpl.errors import UsageError, did_you_mean
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.pipeline.names import base_name, is_parameter, parameter_key
from mlflow_tmpl.planning.plan import memory_makers
from mlflow_tmpl.planning.wiring import check_wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.planning import BoundParameter
    from mlflow_tmpl.planning.conditions import Conditions
    from mlflow_tmpl.planning.items import Unfolding


def run(
    pipeline: Pipeline | Node | Iterable[Node | Pipeline | Callable[..., Any]],
    data: Mapping[str, Any] | None = None,
    *,
    catalog: Catalog | None = None,
    engine: str = "inline",
    address: str | None = None,
    jobs: int | None = None,
) -> RunResult:
    """Run a pipeline without a project: in memory, nothing recorded, nothing reused.

    Args:
        pipeline: the nodes.
        data: free inputs by name; parameters as ``params:key``, or all of them as ``parameters``.
        catalog: datasets that are loaded and saved; what it does not name stays in memory.
        engine: where nodes run.
        address: of the Dask or Ray cluster to use; one is started for the run if none is given.
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
    way = way_of(whole, [True] * len(whole), engine, jobs, address=address)
    started = perf_counter()
    values = Values(whole, given, datasets.copy_mode if catalog is not None else None)
    demands: Sequence[Mapping[int, Sequence[str]]] = memory_makers(whole, datasets)
    conditions = _conditions(whole, configured, datasets, values)
    unfolding = _unfolding(whole, datasets, parameters, demands)
    if unfolding is not None:
        whole, parameters, demands = unfolding.pipeline, unfolding.parameters, unfolding.demands
    decisions = RunAll(whole, conditions, unfolding)
    loop = Loop(whole, datasets, parameters, decisions, demands, values, None, way=way)
    surroundings = Surroundings("", datasets, whole.datasets, jobs=jobs, address=address)
    engines = Engines(way.choice.engine, surroundings, whole)
    engines.check(runs=True)
    loop.run(engines)
    return result_of("", whole, datasets, loop, values, perf_counter() - started)


def _unfolding(
    pipeline: Pipeline,
    catalog: Catalog,
    parameters: Sequence[Mapping[str, BoundParameter]] | None,
    demands: Sequence[Mapping[int, Sequence[str]]],
) -> Unfolding | None:
    if not any(node.over for node in pipeline.nodes):
        return None
    from mlflow_tmpl.planning import NO_PARAMETERS
    from mlflow_tmpl.planning.items import Unfolding, check_maps

    check_maps(pipeline, catalog)
    return Unfolding(pipeline, catalog, parameters or [NO_PARAMETERS] * len(pipeline), demands)


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
