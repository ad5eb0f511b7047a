"""Which executor an engine's name means, and the executors of one run."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import EngineError, UsageError, did_you_mean
from mlflow_tmpl.pipeline.names import is_parameter
from mlflow_tmpl.pipeline.options import ENGINE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.engine.executor import Executor
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.pipeline import Pipeline

ENGINES = ("auto", *ENGINE_NAMES)
"""Names of the engines; ``auto`` picks one for the run."""

_CLASSES: Mapping[str, str] = {
    "inline": "mlflow_tmpl.engine.inline:InlineExecutor",
    "threads": "mlflow_tmpl.engine.threads:ThreadsExecutor",
    "processes": "mlflow_tmpl.engine.processes.executor:ProcessesExecutor",
    "dask": "mlflow_tmpl.engine.clusters.dask:DaskExecutor",
    "ray": "mlflow_tmpl.engine.clusters.ray:RayExecutor",
}
"""Engine to the class of its executors, each of which is made from the surroundings of a run."""

CLUSTERS: Mapping[str, str] = {"dask": "distributed", "ray": "ray"}
"""Engines that may use a cluster at an address, and the library of each; the extra that brings it has their name."""


class Engines:
    """The executors of one run, each opened when the first node needs it.

    Args:
        default: the engine of nodes that name none.
        surroundings: of the run.
        pipeline: the nodes.
    """

    def __init__(self, default: str, surroundings: Surroundings, pipeline: Pipeline) -> None:
        self.default = default
        self._surroundings = surroundings
        self._pipeline = pipeline
        self._open: dict[str, Executor] = {}

    def __getitem__(self, name: str) -> Executor:
        """Return the executor of an engine."""
        executor = self._open.get(name)
        if executor is None:
            executor = self._open[name] = executor_class(name)(self._around(name))
        return executor

    def check(self, runs: bool) -> None:
        """Refuse, before anything runs, what the libraries that are installed or a given cluster do not allow.

        Args:
            runs: whether any node is going to run.

        Raises:
            EngineError: a library is not installed, or the cluster is not to be had.
            CatalogError: a dataset lies where the cluster does not see it.
            UsageError: the address is of no engine that any node uses.
        """
        named = {node.options.engine for node in self._pipeline.nodes}
        for name in CLUSTERS.keys() & {self.default, *named}:
            check_installed(name)
        if self._surroundings.address is not None:
            engine = cluster_engine(self.default, self._pipeline)
            if not engine:
                raise UsageError(
                    f"no node runs on a cluster, and the address {self._surroundings.address!r} is of one",
                    hint="give --engine dask or --engine ray with it",
                )
            if runs:
                self[engine]

    def _around(self, name: str) -> Surroundings:
        """Return the run as one engine sees it: the others' datasets are none of its business."""
        if name not in CLUSTERS:
            return self._surroundings
        own = [node for node in self._pipeline.nodes if (node.options.engine or self.default) == name]
        taken = [
            each for node in own for each in (*node.inputs.values(), *node.outputs) if not is_parameter(each)
        ]
        given = self._surroundings.address if name == cluster_engine(self.default, self._pipeline) else None
        return replace(self._surroundings, datasets=tuple(dict.fromkeys(taken)), address=given)

    def close(self, *, cancel: bool) -> None:
        """End all of them, also where one of them cannot be ended in order.

        Args:
            cancel: whether tasks under way are left behind.
        """
        failure: BaseException | None = None
        for executor in self._open.values():
            try:
                executor.close(cancel=cancel)
            except BaseException as error:  # noqa: BLE001 (raised below)
                failure = failure or error
        self._open.clear()
        if failure is not None:
            raise failure


def cluster_engine(default: str, pipeline: Pipeline) -> str:
    """Return the engine that an address is of: the default one, or the one that nodes name; empty if there is none.

    Args:
        default: the engine of nodes that name none.
        pipeline: the nodes.
    """
    if default in CLUSTERS:
        return default
    named = {node.options.engine for node in pipeline.nodes} & CLUSTERS.keys()
    return str(next(iter(named))) if len(named) == 1 else ""


def check_installed(engine: str) -> None:
    """Refuse an engine whose library is not installed.

    Raises:
        EngineError: it is not; the hint is the command that installs it.
    """
    library = CLUSTERS[engine]
    if find_spec(library) is None:
        hint = f"pip install 'mlflow-tmpl[{engine}]'"
        raise EngineError(f"engine {engine!r} needs the package {library!r}", hint=hint)


def executor_class(engine: str) -> type[Executor]:
    """Return the class of an engine's executors.

    Raises:
        UsageError: there is no such engine.
    """
    check_engine(engine)
    if engine in CLUSTERS:
        check_installed(engine)
    module, _, name = _CLASSES[engine].partition(":")
    found: type[Executor] = getattr(import_module(module), name)
    return found


def promises(engine: str, address: str | None) -> tuple[bool, bool]:
    """Return whether an engine sees itself to what nodes take of a machine, and whether it can end a node.

    Args:
        engine: its name.
        address: of the cluster that it uses; what Dask can do depends on whose the cluster is.

    Raises:
        EngineError: its library is not installed.
    """
    kind = executor_class(engine)
    given = address is not None
    return getattr(kind, "seats", given), getattr(kind, "can_kill", not given)


def check_engine(engine: str, jobs: int | None = None, where: str = "") -> None:
    """Refuse what no engine takes.

    Args:
        engine: a name of `ENGINES`.
        jobs: how many tasks at a time; ``None`` leaves it to the engine.
        where: place that names it, if any.

    Raises:
        UsageError: there is no such engine, or it does not take that many jobs.
    """
    known = ("auto", *_CLASSES)
    if engine not in known:
        hint = did_you_mean(engine, known) or f"there are {', '.join(known)}"
        raise UsageError(f"there is no engine {engine!r}", where=where, hint=hint)
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs cannot run anything", hint="give at least 1")
    if engine == "inline" and jobs not in (None, 1):
        raise UsageError(
            f"the inline engine runs one node at a time, not {jobs}", hint="give --engine threads"
        )
