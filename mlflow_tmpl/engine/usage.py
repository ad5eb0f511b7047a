"""What a node takes of its process: processor time, and memory at the most; both from the system's own counters.

Nothing is sampled. Linux keeps the most memory that a process had (``getrusage(2)``) and lets it begin anew
(``/proc/self/clear_refs``, ``proc(5)``): together 2 us a node, and no peak is missed however short. The counters are
the process's, and so is the meter.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import Lock
from time import process_time, thread_time
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

_UNIT = 1 if sys.platform == "darwin" else 1024
_BEGIN_ANEW = b"5"
_NOT_TO_BE_HAD = -1


@dataclass(frozen=True, slots=True)
class Usage:
    """What a node took.

    Attributes:
        cpu_s: seconds of processors: of its process, if no other node ran there meanwhile, else of its thread alone.
        peak_bytes: the most resident memory that its process had; ``None`` where another node ran there meanwhile,
            or where the system does not tell.
    """

    cpu_s: float | None = None
    peak_bytes: int | None = None


class Reading:
    """The counters when a node began."""

    __slots__ = ("alone", "before", "process_s", "thread_s")

    def __init__(self, alone: bool, before: int) -> None:
        self.alone = alone
        self.before = before
        self.process_s = process_time()
        self.thread_s = thread_time()


class Meter:
    """Reads the counters of this process for the nodes that run in it, of which it knows which run at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: set[Reading] = set()
        self._process = 0
        self._anew = _NOT_TO_BE_HAD
        self._peak_bytes: Callable[[], int] = _nothing_known

    def begin(self) -> Reading:
        """Return the counters as a node begins, in its thread."""
        with self._lock:
            for other in self._running:
                other.alone = False
            alone = not self._running
            reading = Reading(alone, self._begin_anew() if alone else 0)
            self._running.add(reading)
        return reading

    def end(self, reading: Reading) -> Usage:
        """Return what was taken since a node began, in its thread."""
        with self._lock:
            self._running.discard(reading)
            alone = reading.alone
        if not alone:
            return Usage(thread_time() - reading.thread_s)
        peak = self._peak_bytes()
        told = peak if peak > reading.before else None
        return Usage(process_time() - reading.process_s, told)

    def _begin_anew(self) -> int:
        """Have the system count the peak from now on; return the one below which none can be told, 0 if all can."""
        process = os.getpid()
        if process != self._process:  # what a parent has opened counts for the parent
            self._process, self._anew, self._peak_bytes = process, _NOT_TO_BE_HAD, _peak_reader()
            with suppress(OSError):
                self._anew = os.open("/proc/self/clear_refs", os.O_WRONLY | getattr(os, "O_CLOEXEC", 0))
        if self._anew != _NOT_TO_BE_HAD:
            with suppress(OSError):
                os.write(self._anew, _BEGIN_ANEW)
                return 0
        return self._peak_bytes()


def _peak_reader() -> Callable[[], int]:
    """Return what reads the most memory that this process had, in bytes; 0 where that is not told."""
    try:
        from resource import RUSAGE_SELF, getrusage  # a run with nothing to do does not need it
    except ImportError:  # Windows
        return _nothing_known
    return lambda: getrusage(RUSAGE_SELF).ru_maxrss * _UNIT


def _nothing_known() -> int:
    return 0


METER = Meter()
"""The one of this process."""
