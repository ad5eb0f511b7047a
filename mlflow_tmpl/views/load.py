"""What a run takes of the machine as it runs: memory and processors, of its process and of those that it started."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.views.statuses import in_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_S = 2.0
"""How often it looks: to find the processes that a process started takes a look at all there are."""


class Load:
    """Looks now and then at this process and its children; says nothing without psutil."""

    def __init__(self) -> None:
        self._psutil: Any = None
        with suppress(ImportError):
            import psutil

            self._psutil = psutil
        self._looked_at = 0.0
        self._used_s = 0.0
        self._said = ""

    def __str__(self) -> str:
        now = perf_counter()
        if self._psutil is None or now - self._looked_at < EVERY_S:
            return self._said
        memory, used_s = self._looked()
        if self._looked_at:
            share = max(used_s - self._used_s, 0.0) / (now - self._looked_at)
            self._said = f"{in_bytes(memory)}, {share:.1f} cpus"
        self._looked_at, self._used_s = now, used_s
        return self._said

    def _looked(self) -> tuple[int, float]:
        """Return bytes of memory, and seconds of processors so far."""
        memory, used_s = 0, 0.0
        for process in self._processes():
            with suppress(self._psutil.Error):
                times = process.cpu_times()
                memory += process.memory_info().rss
                used_s += times.user + times.system
        return memory, used_s

    def _processes(self) -> Iterator[Any]:
        own = self._psutil.Process()
        yield own
        with suppress(self._psutil.Error):
            yield from own.children(recursive=True)
