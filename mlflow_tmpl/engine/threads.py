"""The threads engine: for nodes that wait, or that leave the interpreter's lock while they compute."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.inline import performed
from mlflow_tmpl.engine.task import perform

if TYPE_CHECKING:
    from mlflow_tmpl.engine.executor import Future as Under
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Task


class ThreadsExecutor:
    """Performs tasks in a pool of threads.

    Args:
        surroundings: tell how many at a time; as many as there are processors unless they do.
    """

    remote = False
    can_kill = False
    blocks = False
    seats = False

    def __init__(self, surroundings: Surroundings) -> None:
        self.slots = surroundings.jobs or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="mlo")

    def submit(self, task: Task) -> Under:
        """Start a task in the next free thread; one beside which nothing can run in this one, which is cheaper."""
        if task.alone:
            return performed(task)
        return self._pool.submit(perform, task)

    def kill(self, future: Under) -> None:
        """Leave it: a thread cannot be ended."""

    def close(self, *, cancel: bool) -> None:
        """Wait for the tasks under way; with `cancel` leave them behind, as a thread cannot be ended."""
        self._pool.shutdown(wait=not cancel, cancel_futures=cancel)
