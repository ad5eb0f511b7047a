"""Which executor an engine's name means."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from mlflow_tmpl.engine.executor import Executor

ENGINES = ("auto", "inline", "threads")
"""Names of the engines; ``auto`` is threads where several jobs are asked for, else inline."""


def open_executor(engine: str = "auto", jobs: int | None = None) -> tuple[str, Executor]:
    """Return the engine that is meant, and its executor.

    Args:
        engine: a name of `ENGINES`.
        jobs: how many tasks at a time; ``None`` leaves it to the engine.

    Raises:
        UsageError: there is no such engine, or it does not take that many jobs.
    """
    if engine not in ENGINES:
        raise UsageError(
            f"there is no engine {engine!r}",
            hint=did_you_mean(engine, ENGINES) or f"there are {', '.join(ENGINES)}",
        )
    if jobs is not None and jobs < 1:
        raise UsageError(f"{jobs} jobs cannot run anything", hint="give at least 1")
    if engine == "inline" and jobs not in (None, 1):
        raise UsageError(
            f"the inline engine runs one node at a time, not {jobs}", hint="give --engine threads"
        )
    if engine == "threads" or (engine == "auto" and jobs not in (None, 1)):
        executor: Executor = import_module("mlflow_tmpl.engine.threads").ThreadsExecutor(jobs)
        return "threads", executor
    from mlflow_tmpl.engine.inline import InlineExecutor

    return "inline", InlineExecutor()
