"""Content hashes of files behind a cache of what the system says about them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import digest_file

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.ledger.database import Database

FINE_NS, COARSE_NS = 20_000_000, 2_000_000_000
"""How far apart two changes must be to have different times: a kernel tick, or FAT's two seconds."""

_SELECT = "SELECT size, mtime_ns, ctime_ns, inode, seen_ns, digest FROM file_stat WHERE path = ?"
_INSERT = "INSERT OR REPLACE INTO file_stat VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class FileStat:
    """What the system says about a file, and the hash of its content then.

    Attributes:
        state: size, mtime_ns, ctime_ns, inode.
        seen_ns: when that was asked.
        digest: of the content.
    """

    state: tuple[int, int, int, int]
    seen_ns: int
    digest: str

    def stands(self, state: tuple[int, int, int, int]) -> bool:
        """Tell whether the hash holds for a file of this state.

        A file touched within the clock's granularity of the moment it was seen may have changed since without
        a trace, as in git's index ("racily clean").
        """
        touched = max(state[1], state[2])
        coarse = state[1] % 1_000_000_000 == 0
        return state == self.state and self.seen_ns - touched > (COARSE_NS if coarse else FINE_NS)


class FileHashes:
    """Hashes files, each once for each state of it.

    Args:
        database: where earlier hashes are kept; ``None`` keeps them for this process only.
    """

    def __init__(self, database: Database | None) -> None:
        self._database = database
        self._lock = Lock()
        self._known: dict[str, FileStat] = {}
        self._new: dict[str, FileStat] = {}

    def __call__(self, path: Path) -> str:
        """Return the hash of a file's content.

        Raises:
            OSError: it cannot be read.
        """
        name = str(path)
        state = _state(path)
        with self._lock:
            known = self._known.get(name) or self._recorded(name)
        if known is not None and known.stands(state):
            return known.digest
        found = _hash(path)
        with self._lock:
            self._known[name] = self._new[name] = found
        return found.digest

    def keep(self) -> None:
        """Write what is new into the ledger."""
        with self._lock:
            new, self._new = self._new, {}
            if new and self._database is not None:
                self._database.write(
                    [(_INSERT, [(p, *s.state, s.seen_ns, s.digest) for p, s in new.items()])]
                )

    def _recorded(self, name: str) -> FileStat | None:
        rows = self._database.query(_SELECT, (name,)) if self._database is not None else []
        return FileStat(tuple(rows[0][:4]), rows[0][4], rows[0][5]) if rows else None


def _hash(path: Path) -> FileStat:
    """Hash a file that holds still meanwhile."""
    while True:
        seen_ns, before = time.time_ns(), _state(path)
        found = digest_file(path)
        if _state(path) == before:
            return FileStat(before, seen_ns, found)


def _state(path: Path) -> tuple[int, int, int, int]:
    known = os.stat(path)
    return known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino
