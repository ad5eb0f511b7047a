"""What is due at a time: the end of a wait before another attempt, the end of the time that a node has."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer:
    """Something that is to be done at a time, unless it is taken back before."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call


class Timers:
    """What is due when, the first first.

    Args:
        clock: gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = count()

    def __bool__(self) -> bool:
        """Tell whether anything is still to come."""
        while self._heap and self._heap[0][2].call is None:
            heappop(self._heap)
        return bool(self._heap)

    def set(self, wait_s: float, call: Callable[[], object]) -> Timer:
        """Have something done after a while; the timer takes it back with `cancel`."""
        timer = Timer(call)
        heappush(self._heap, (self._clock() + wait_s, next(self._number), timer))
        return timer

    def cancel(self, timer: Timer) -> None:
        """Take back what has not been done."""
        timer.call = None

    def next_in(self) -> float | None:
        """Return the seconds until something is due, ``None`` if nothing is to come."""
        return max(0.0, self._heap[0][0] - self._clock()) if self else None

    def run_due(self) -> None:
        """Do what is due."""
        while self:
            at, _, timer = self._heap[0]
            if at > self._clock():
                return
            heappop(self._heap)
            call, timer.call = timer.call, None
            if call is not None:
                call()
