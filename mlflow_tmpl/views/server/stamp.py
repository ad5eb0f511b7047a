"""Whether files of a project are still as they were, told by their sizes and times."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LEFT_OUT = frozenset({"__pycache__", "node_modules"})
_SUFFIXES = (".py", ".yml", ".yaml", ".toml", ".json")


def stamp_of(places: Iterable[Path]) -> int:
    """Return a number that is another one when code or configuration in some folders and files changes."""
    return hash(tuple(_states(places)))


def _states(places: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for place in places:
        if place.is_file():
            yield _state(os.fspath(place))
        for folder, inner, names in os.walk(place):
            inner[:] = sorted(name for name in inner if name not in _LEFT_OUT and not name.startswith("."))
            yield from [
                _state(os.path.join(folder, name)) for name in sorted(names) if name.endswith(_SUFFIXES)
            ]


def _state(path: str) -> tuple[str, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return path, 0, 0
    return path, found.st_size, found.st_mtime_ns
