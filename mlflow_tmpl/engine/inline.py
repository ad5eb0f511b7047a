"""The inline engine: one task after the other, in the calling thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.engine.task import perform

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.executor import Future
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Outcome, Task


class Performed:
    """The outcome of a task that is over."""

    __slots__ = ("_error", "_outcome")

    def __init__(self, outcome: Outcome | None, error: Exception | None) -> None:
        self._outcome = outcome
        self._error = error

    def result(self) -> Outcome:
        """Return the outcome, or raise what the task raised."""
        if self._error is not None:
            raise self._error
        assert self._outcome is not None
        return self._outcome

    def add_done_callback(self, call: Callable[[Future], object], /) -> None:
        """Call back at once."""
        call(self)


def performed(task: Task) -> Performed:
    """Perform a task, here and now."""
    try:
        return Performed(perform(task), None)
    except Exception as error:  # noqa: BLE001 (handed on: result() raises it)
        return Performed(None, error)


class InlineExecutor:
    """Performs a task when it is submitted."""

    slots = 1
    remote = False
    can_kill = False
    blocks = True
    seats = False

    def __init__(self, surroundings: Surroundings) -> None:
        """Nothing of the surroundings matters."""

    def submit(self, task: Task) -> Performed:
        """Perform a task, here and now."""
        return performed(task)

    def kill(self, future: Future) -> None:
        """Nothing is ever left under way."""

    def close(self, *, cancel: bool) -> None:
        """Nothing is ever left under way."""
