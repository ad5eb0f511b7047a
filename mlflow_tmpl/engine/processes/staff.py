"""The workers of a run, and who does what: what follows goes where its input is, the rest to whom is free.

While tasks take but milliseconds, each worker has a few in line, so that none waits for the next one to arrive. A task
in a line that has not begun is called back as soon as another worker has nothing to do.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.processes.job import Job
    from mlflow_tmpl.engine.processes.process import WorkerProcess

SHORT_S = 0.005
"""Tasks that take less than that on average are sent ahead."""

_AHEAD = 8
"""How many of those are in a line at most."""

_WEIGHT = 0.2
"""What the last task counts in the average."""


class Staff:
    """Workers with their lines.

    Args:
        jobs: how many workers there are at most.
        hire: starts one.

    Attributes:
        jobs: how many workers there are at most.
        lines: worker to what it does and what it does next.
        waiting: tasks that no worker can take yet.
    """

    def __init__(self, jobs: int, hire: Callable[[], WorkerProcess]) -> None:
        self.jobs = jobs
        self._hire = hire
        self._pace_s = 1.0
        self.lines: dict[WorkerProcess, deque[Job]] = {}
        self.waiting: deque[Job] = deque()

    @property
    def slots(self) -> int:
        """How many tasks are taken at a time."""
        return self.jobs * (_AHEAD if self._pace_s < SHORT_S else 1)

    def took(self, seconds: float) -> None:
        """Note how long a task took."""
        self._pace_s += _WEIGHT * (seconds - self._pace_s)

    def choose(self, job: Job) -> WorkerProcess | None:
        """Return who performs a task, ``None`` if that is not to be said yet.

        A free worker that has most of what it takes comes first, then one that has nothing, a new one, any free one,
        and at last the one with the shortest line.
        """
        bound = job.bound_to
        if bound is not None:
            return None if self.lines.get(bound) else bound
        free = [worker for worker, line in self.lines.items() if not line]
        near = max(free, key=job.at, default=None)
        if near is not None and job.at(near):
            return near
        idle = min(free, key=lambda worker: len(worker.has), default=None)
        full = len(self.lines) >= self.jobs
        if idle is not None and (not idle.has or full):
            return idle
        if not full:
            worker = self._hire()
            self.lines[worker] = deque()
            return worker
        return self._behind() if job.can_wait_in_line else None

    def next_for(self, worker: WorkerProcess) -> Job | None:
        """Return a waiting task for a worker that is free; call one back from a line if there is none."""
        for job in self.waiting:
            if job.bound_to in (None, worker):
                self.waiting.remove(job)
                return job
        longest = max(self.lines, key=lambda each: len(self.lines[each]))
        line = self.lines[longest]
        if len(line) > 1 and line[-1].can_wait_in_line:
            longest.send("recall", line[-1].number)
        return None

    def _behind(self) -> WorkerProcess | None:
        """Return the worker with the shortest line, if that is not too long, and moves."""
        worker = min(self.lines, key=lambda each: len(self.lines[each]))
        line = self.lines[worker]
        return worker if len(line) < _AHEAD and not any(job.lacks for job in line) else None
