"""What the driver tells a worker to do, and where values are."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 (a named tuple reads its annotations)
from typing import Any, NamedTuple

Place = tuple[Any, ...]
"""Where a value is: ``("bytes", data, size)``, ``("file", path, size, in memory)``, ``("here", key, size, may leave)``;
or why it is nowhere: ``("gone", why, 0)`` with its worker, ``("stuck", why, 0)`` for good."""


class Order(NamedTuple):
    """What a worker is told to do.

    Attributes:
        number: of the task.
        task: packed.
        takes: argument to the place of its value.
        alone: arguments whose value nobody else will take.
        modes: argument to how the catalog says that its value is copied.
        stays: outputs that one node takes, so that they may stay where they are.
        folders: where files are written: in memory, empty if there is no such place, and on disk.
        room: how many bytes may be written in memory.
    """

    number: int
    task: bytes
    takes: Mapping[str, Place]
    alone: frozenset[str]
    modes: Mapping[str, str]
    stays: frozenset[str]
    folders: tuple[str, str]
    room: int
