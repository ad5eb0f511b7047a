"""The statements with which what nodes gave is recorded; each of them may be executed again without harm."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    Row = tuple[Any, ...]
    Told = tuple[str, Row]
    """A statement, and the values that it is executed with."""

NODE_RUN = "INSERT OR REPLACE INTO node_run VALUES (" + ", ".join("?" * 16) + ")"
RESULT = "INSERT OR IGNORE INTO result VALUES (?, ?, ?, ?, ?, ?)"
RESULT_IO = "INSERT OR IGNORE INTO result_io VALUES (?, ?, ?, ?, ?)"
VERSION = (
    "INSERT OR IGNORE INTO version (dataset, partition, fingerprint, kind, role, bytes, rows, place, made_at) "
    "VALUES (?, '', ?, ?, ?, ?, ?, ?, ?)"
)
METRIC = "INSERT OR IGNORE INTO metric VALUES (?, ?, ?, ?, ?, ?)"

OF_NODES = (NODE_RUN, RESULT, RESULT_IO, VERSION, METRIC)
"""In a row as bytes a statement is told by its place in here; what changes here changes `FORM`."""

FORM = 1
"""Number of the form of rows as bytes."""

_NUMBERS = {statement: number for number, statement in enumerate(OF_NODES)}
_MARSHAL = 2
"""Without references between equal values, which take longer to look for than to write."""


def to_bytes(told: Iterable[Told]) -> bytes:
    """Return rows as bytes: what waits to be written would keep the garbage collector busy otherwise."""
    return marshal.dumps([(_NUMBERS[statement], row) for statement, row in told], _MARSHAL)


def from_bytes(data: bytes) -> list[Told]:
    """Return the rows that bytes are."""
    return [(OF_NODES[number], row) for number, row in marshal.loads(data)]
