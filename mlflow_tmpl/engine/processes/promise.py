"""The outcome of a task that a worker performs. That of the standard library costs as much as sending the task."""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.executor import Future
    from mlflow_tmpl.engine.task import Outcome


class Promise:
    """A future that is given its outcome, or an error, once; what comes after that is ignored."""

    __slots__ = ("_calls", "_error", "_lock", "_outcome", "_over")

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[Callable[[Future], object]] = []
        self._outcome: Outcome | None = None
        self._error: BaseException | None = None
        self._over = False

    def done(self) -> bool:
        """Tell whether there is an outcome, or an error."""
        return self._over

    def result(self, timeout_s: float | None = None) -> Outcome:
        """Wait for the outcome, or raise the error.

        Raises:
            TimeoutError: neither has come in time.
        """
        if not self._over:
            came = Event()
            self.add_done_callback(lambda _: came.set())
            if not came.wait(timeout_s):
                raise TimeoutError(f"no outcome after {timeout_s} s")
        if self._error is not None:
            raise self._error
        assert self._outcome is not None
        return self._outcome

    def add_done_callback(self, call: Callable[[Future], object], /) -> None:
        """Call back with this future when it is done; at once if it is."""
        with self._lock:
            if not self._over:
                self._calls.append(call)
                return
        call(self)

    def set_result(self, outcome: Outcome) -> None:
        """Give the outcome."""
        self._end(outcome, None)

    def set_exception(self, error: BaseException) -> None:
        """Give an error."""
        self._end(None, error)

    def _end(self, outcome: Outcome | None, error: BaseException | None) -> None:
        with self._lock:
            if self._over:
                return
            self._outcome, self._error, self._over = outcome, error, True
            calls, self._calls = self._calls, []
        for call in calls:
            call(self)
