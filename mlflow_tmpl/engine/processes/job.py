"""One task on its way through a worker."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.capture import NodeLog
from mlflow_tmpl.engine.processes.promise import Promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.engine.processes.held import Held
    from mlflow_tmpl.engine.processes.process import WorkerProcess
    from mlflow_tmpl.engine.task import Task


class Job:
    """A task, its future, and who performs it.

    Args:
        number: of the task.
        task: what is to be done.
        packed: the task as it travels.
        takes: argument to the value that it takes.
        own: values that were put out for this task alone.

    Attributes:
        future: gives the outcome.
        worker: who performs it.
        lacks: how many values are still to leave another worker for it.
        log: what the node has said so far.
    """

    __slots__ = ("future", "lacks", "log", "number", "own", "packed", "sent_at", "takes", "task", "worker")

    def __init__(
        self, number: int, task: Task, packed: bytes, takes: dict[str, Held], own: list[Held]
    ) -> None:
        self.number = number
        self.task = task
        self.packed = packed
        self.takes = takes
        self.future = Promise()
        self.worker: WorkerProcess | None = None
        self.lacks = 0
        self.log = NodeLog()
        self.sent_at = perf_counter()
        self.own = own

    def at(self, worker: WorkerProcess) -> int:
        """Return how many bytes of what it takes a worker has."""
        return sum(held.bytes for held in self.takes.values() if held.stays and held.worker is worker)

    @property
    def can_wait_in_line(self) -> bool:
        """Whether it may be sent to a worker that has not done yet with another one."""
        return self.task.node.options.timeout_s is None and not any(
            held.stays for held in self.takes.values()
        )

    @property
    def bound_to(self) -> WorkerProcess | None:
        """The only worker that can perform it, if there is one: it has a value that cannot leave."""
        return next((held.worker for held in self.takes.values() if held.stuck and held.stays), None)

    @property
    def why_not(self) -> str:
        """Why it cannot be performed: a value that cannot leave its worker is wanted elsewhere; empty if it can."""
        for argument, held in self.takes.items():
            if held.stuck and held.worker is not self.worker:
                why = f": {held.place[1]}" if held.place[0] == "stuck" else ""
                return f"argument {argument!r} cannot leave the worker that made it{why}"
        return ""

    def strange_to(self, worker: WorkerProcess) -> Iterator[Held]:
        """Yield the values that have to leave other workers first."""
        for held in self.takes.values():
            if held.stays and held.worker is not worker:
                yield held

    @property
    def is_lost(self) -> bool:
        """Whether something that it takes is gone."""
        return any(held.gone for held in self.takes.values())
