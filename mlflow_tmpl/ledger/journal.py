"""What nodes gave is put down here before another starts; the tables follow in groups.

A row of the ledger stands under hashes, in ten places all over the file: in small groups that is ten pages a node,
in large ones two. A journal takes it in one piece at the end of a file (2 us), so that a kill at any moment makes no
node run again that had ended, and the tables may take their time.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO
from zlib import crc32

from mlflow_tmpl.ledger.database import JOURNAL
from mlflow_tmpl.ledger.processes import Life, Process, this_process
from mlflow_tmpl.ledger.schema import VERSION
from mlflow_tmpl.ledger.statements import FORM, NODE_RUN, from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mlflow_tmpl.ledger.database import Database

SILENT_S = 60.0
"""The journal of a process that cannot be seen from here is that of a dead one after so long without a word."""

_FORM = f"mlo {FORM} {VERSION}"
"""What a journal begins with; one of another form or schema is not taken over, and what it tells runs again."""

_RUNNING = "SELECT 1 FROM run WHERE id = ? AND status = 'running'"
_FRAME_BYTES = 8


class Journal:
    """The file in which one run puts down what its nodes gave.

    Args:
        folder: of the ledger.
        run: id of the run.

    Attributes:
        bytes: how much it holds.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self._path = folder / f"{run}{JOURNAL}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(self._path, flags, 0o600)
        process = this_process()
        self._head = "\n".join([_FORM, run, str(process.pid), process.host, process.birth]).encode()
        self.bytes = 0
        self.add(self._head)

    def add(self, piece: bytes) -> None:
        """Put down a piece; when this returns it outlives the process.

        Raises:
            OSError: there is no room.
        """
        framed = len(piece).to_bytes(4, "big") + crc32(piece).to_bytes(4, "big") + piece
        if os.write(self._file, framed) != len(framed):
            raise OSError("the journal has no room")
        self.bytes += len(framed)

    def clear(self) -> None:
        """Forget what is in the tables by now."""
        os.ftruncate(self._file, 0)
        self.bytes = 0
        self.add(self._head)

    def close(self, *, remove: bool) -> None:
        """End it; what is not removed is taken over when someone looks at the ledger next."""
        os.close(self._file)
        if remove:
            with suppress(OSError):  # else it is taken over: what is in the tables stays as it is
                self._path.unlink()


def take_over(database: Database) -> None:
    """Bring into the tables what dead runs have put down and could not bring there themselves.

    Raises:
        LedgerError: they cannot be written.
    """
    for path in sorted(database.path.parent.glob(f"*{JOURNAL}")):
        with suppress(OSError):  # another process has just done it, or it is another user's
            with path.open("rb") as file:
                of_no_use = _take_over(database, file)
            if of_no_use:
                path.unlink()


def _take_over(database: Database, file: BinaryIO) -> bool:
    """Bring one journal into the tables; return whether it is of no more use."""
    pieces, silent_s = _pieces(file), time.time() - os.fstat(file.fileno()).st_mtime
    head = next(pieces, b"").decode(errors="replace").split("\n")
    if head == [""]:
        return silent_s > SILENT_S  # else it is just being made
    if head[0] != _FORM:
        return True
    _, run, pid, host, birth = head
    life = Process(host, int(pid), birth).life()
    if life is Life.RUNNING or (life is Life.UNSEEN and silent_s < SILENT_S):
        return False
    database.write_flat(_batches(database, run, pieces).items())
    # One that cannot be seen may be silent and alive: then it goes on writing there.
    return life is Life.GONE or not database.query(_RUNNING, (run,))


def _batches(database: Database, run: str, pieces: Iterable[bytes]) -> dict[str, list[Any]]:
    """Return what is executed; of a run that was killed before it was on record only the results stand."""
    known = bool(database.query("SELECT 1 FROM run WHERE id = ?", (run,)))
    values: dict[str, list[Any]] = {}
    for piece in pieces:
        for statement, row in from_bytes(piece):
            if known or statement != NODE_RUN:
                values.setdefault(statement, []).extend(row)
    return values


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield what was put down, up to the first piece that is not whole: its process was killed while it wrote."""
    while len(frame := file.read(_FRAME_BYTES)) == _FRAME_BYTES:
        piece = file.read(int.from_bytes(frame[:4], "big"))
        if crc32(piece) != int.from_bytes(frame[4:], "big"):
            return
        yield piece
