"""What this machine has, and what of it is taken by the nodes that run."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_tmpl.pipeline.options import Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_SLACK = 1e-9
"""Parts of processors do not add up to the last digit."""

_VISIBLE_GPUS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_GPU_FOLDER = Path("/proc/driver/nvidia/gpus")


class Machine:
    """What is left of a machine for nodes that say what they take; those that say nothing take nothing.

    Args:
        has: all that it has; what it is found to have unless given.
    """

    def __init__(self, has: Resources | None = None) -> None:
        self._has = has
        self._taken = Resources()
        self._takers = 0

    @property
    def has(self) -> Resources:
        """All that the machine has."""
        if self._has is None:
            self._has = found()
        return self._has

    def lacks(self, wanted: Resources) -> str:
        """Return what the machine does not have of what a node takes, in words; empty if it has all."""
        return ", ".join(_told(wanted, self.has))

    def has_room(self, wanted: Resources) -> bool:
        """Tell whether so much is left; if nothing is taken there is room for anything, or it would never run."""
        if not self._takers:
            return True
        has, taken = self.has, self._taken
        return (
            wanted.cpus + taken.cpus <= has.cpus + _SLACK
            and wanted.gpus + taken.gpus <= has.gpus + _SLACK
            and wanted.memory_bytes + taken.memory_bytes <= has.memory_bytes
        )

    def take(self, wanted: Resources) -> None:
        """Count so much as taken."""
        self._count(wanted, 1)

    def give_back(self, wanted: Resources) -> None:
        """Count so much as free again."""
        self._count(wanted, -1)

    def _count(self, wanted: Resources, sign: int) -> None:
        taken = self._taken
        self._takers += sign
        self._taken = Resources(
            taken.cpus + sign * wanted.cpus,
            taken.gpus + sign * wanted.gpus,
            taken.memory_bytes + sign * wanted.memory_bytes,
        )


def _told(wanted: Resources, has: Resources) -> Iterator[str]:
    if wanted.cpus > has.cpus:
        yield f"{wanted.cpus:g} cpus of {has.cpus:g}"
    if wanted.gpus > has.gpus:
        yield f"{wanted.gpus:g} gpus of {has.gpus:g}"
    if wanted.memory_bytes > has.memory_bytes:
        yield f"{wanted.memory_bytes / 1e9:.3g} GB of memory of {has.memory_bytes / 1e9:.3g}"


def found(environment: Mapping[str, str] = os.environ) -> Resources:
    """Return what this machine has for this process."""
    return Resources(cpus(), _gpus(environment), _memory_bytes())


def cpus() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _gpus(environment: Mapping[str, str]) -> int:
    for name in _VISIBLE_GPUS:
        if name in environment:
            return len([each for each in environment[name].split(",") if each.strip() not in ("", "-1")])
    return len(list(_GPU_FOLDER.iterdir())) if _GPU_FOLDER.is_dir() else 0


def _memory_bytes() -> int:
    """Return the main memory, or what a container leaves of it; where nobody says it there is no limit."""
    known: list[int] = []
    ways: tuple[Callable[[], int], ...] = (_physical, *(partial(_limit, path) for path in _LIMITS))
    for way in ways:
        try:
            known.append(way())
        except (OSError, ValueError, AttributeError):
            continue  # not on this system, or no limit
    return min(known, default=sys.maxsize)


def _physical() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _limit(path: str) -> int:
    return int(Path(path).read_text(encoding="ascii"))
