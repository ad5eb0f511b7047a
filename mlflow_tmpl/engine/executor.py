"""Where tasks are performed: the only thing that an engine has to provide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Outcome, Task


class Future(Protocol):
    """The outcome of a task that may still be under way."""

    def result(self) -> Outcome:
        """Return the outcome, or raise what the task raised."""
        ...

    def add_done_callback(self, call: Callable[[Future], object], /) -> None:
        """Call back with this future when it is done; at once if it is."""
        ...


class Executor(Protocol):
    """Performs tasks.

    Attributes:
        slots: how many tasks it takes at a time; that may change.
        remote: whether tasks leave this process: they then get what is held of values in memory, uncopied.
        can_kill: whether a task that is under way can be ended.
        blocks: whether `submit` returns only when the task is over.
        seats: whether it sees itself that nodes together do not take more than a machine has; else the loop does.
    """

    @property
    def slots(self) -> int:  # noqa: D102 (an attribute to all others)
        ...

    remote: bool
    can_kill: bool
    blocks: bool
    seats: bool

    def __init__(self, surroundings: Surroundings) -> None:
        """Make ready for a run."""
        ...

    def submit(self, task: Task) -> Future:
        """Start a task."""
        ...

    def kill(self, future: Future) -> None:
        """End a task that is under way; its future then raises. Only asked of an executor that can."""
        ...

    def close(self, *, cancel: bool) -> None:
        """End: wait for the tasks under way, or with `cancel` leave them behind."""
        ...
