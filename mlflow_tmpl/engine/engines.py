"""Which executor an engine's name means, and the executors of one run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import UsageError, did_you_mean
from mlflow_tmpl.pipeline.options import ENGINE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.engine.executor import Executor
    from mlflow_tmpl.engine.surroundings import Surroundings

    Opener = Callable[[Surroundings], Executor]

ENGINES = ("auto", *ENGINE_NAMES)
"""Names of the engines; ``auto`` picks one for the run."""

_OPENERS: Mapping[str, str] = {
    "inline": "mlflow_tmpl.engine.inline:InlineExecutor",
    "threads": "mlflow_tmpl.engine.threads:ThreadsExecutor",
    "processes": "mlflow_tmpl.engine.processes.executor:ProcessesExecutor",
}
"""Engine to the class or function that opens its executor, given the surroundings of the run."""


class Engines:
    """The executors of one run, each opened when the first node needs it.

    Args:
        default: the engine of nodes that name none.
        surroundings: of the run.
    """

    def __init__(self, default: str, surroundings: Surroundings) -> None:
        self.default = default
        self._surroundings = surroundings
        self._open: dict[str, Executor] = {}

    def __getitem__(self, name: str) -> Executor:
        """Return the executor of an engine."""
        executor = self._open.get(name)
        if executor is None:
            executor = self._open[name] = opener(name)(self._surroundings)
        return executor

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


def opener(engine: str) -> Opener:
    """Return what opens the executor of an engine.

    Raises:
        UsageError: there is no such engine.
    """
    check_engine(engine)
    module, _, name = _OPENERS[engine].partition(":")
    found: Opener = getattr(import_module(module), name)
    return found


def check_engine(engine: str, jobs: int | None = None, where: str = "") -> None:
    """Refuse what no engine takes.

    Args:
        engine: a name of `ENGINES`.
        jobs: how many tasks at a time; ``None`` leaves it to the engine.
        where: place that names it, if any.

    Raises:
        UsageError: there is no such engine, or it does not take that many jobs.
    """
    known = ("auto", *_OPENERS)
    if engine not in known:
        hint = did_you_mean(engine, known) or f"there are {', '.join(known)}"
        raise UsageError(f"there is no engine {engine!r}", where=where, hint=hint)
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs cannot run anything", hint="give at least 1")
    if engine == "inline" and jobs not in (None, 1):
        raise UsageError(
            f"the inline engine runs one node at a time, not {jobs}", hint="give --engine threads"
        )


def picked(engine: str, jobs: int | None) -> str:
    """Return the engine that is meant."""
    if engine != "auto":
        return engine
    return "threads" if jobs not in (None, 1) else "inline"
