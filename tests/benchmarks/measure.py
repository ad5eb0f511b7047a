"""Timing that holds on a noisy machine: processor time, in pairs, by the median of the ratios."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MLO = str(Path(sys.executable).with_name("mlo"))


@dataclass(frozen=True)
class Figure:
    """One measure, and what it should be at most."""

    name: str
    value: float
    unit: str
    target: float | None = None
    note: str = ""

    def __str__(self) -> str:
        target = f"<= {self.target:g} {self.unit}" if self.target is not None else ""
        met = "" if self.target is None else "met" if self.value <= self.target else "MISSED"
        return (
            f"{self.name:<58} {self.value:>8.2f} {self.unit:<10} {target:<14} {met:<7} {self.note}".rstrip()
        )


def bytecode_environment(cache: Path) -> dict[str, str]:
    """Return an environment in which Python keeps compiled bytecode, as an installed package has it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(cache)}


def cpu_seconds(command: Sequence[str], environment: dict[str, str], folder: Path) -> float:
    """Return the processor time, user and system, that a command takes as a whole process."""
    before = _children()
    subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    return _children() - before


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ratio(
    ours: Callable[[], float], floor: Callable[[], float], *, runs: int = 9, warm_up: int = 2
) -> tuple[float, float, float]:
    """Return the median of the ratios of paired runs, and the medians of both."""
    for _ in range(warm_up):
        ours(), floor()
    pairs = [(ours(), floor()) for _ in range(runs)]
    return (
        statistics.median(one / other for one, other in pairs),
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
    )


def per_item(work: Callable[[], object], count: int, *, runs: int = 3) -> float:
    """Return the microseconds of processor time a piece, of all threads, by the best of a few runs."""
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / count * 1e6
