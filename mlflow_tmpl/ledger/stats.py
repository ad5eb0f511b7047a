"""Content hashes of files behind a cache of what the system says about them."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow_tmpl.ledger.database import Database

FINE_NS, COARSE_NS = 20_000_000, 2_000_000_000
"""How far apart two changes must be to have different times: a kernel tick, or FAT's two seconds."""

TRIES = 5
"""How often a file is read again that changes while it is read: a log may never hold still."""

WORTHWHILE_BYTES = 256 << 10
"""Smaller files are read one after the other: they are through before a thread has begun."""

_COLUMNS = "size, mtime_ns, ctime_ns, inode, seen_ns, digest"
_SELECT = f"SELECT {_COLUMNS} FROM file_stat WHERE path = ?"
_MANY = 500
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
        state = state_of(path)
        with self._lock:
            known = self._known.get(name) or self._recorded(name)
        if known is not None and known.stands(state):
            return known.digest
        found = stat_and_hash(path)
        with self._lock:
            self._known[name] = self._new[name] = found
        return found.digest

    def warm(self, paths: Iterable[Path]) -> None:
        """Hash large files whose hash is not known on all processors at once; others wait until they are asked for.

        What cannot be read is left alone: whoever needs it will say so.
        """
        states = {str(path): state for path in paths if (state := _state_or_none(path)) is not None}
        self._recall([name for name in states if name not in self._known])
        large = [
            name
            for name, state in states.items()
            if state[0] >= WORTHWHILE_BYTES
            and not ((known := self._known.get(name)) is not None and known.stands(state))
        ]
        if len(large) > 1:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(min(len(large), os.cpu_count() or 1)) as pool:
                for future in [pool.submit(self, Path(name)) for name in large]:
                    with suppress(OSError):
                        future.result()

    def _recall(self, names: Sequence[str]) -> None:
        """Take many hashes out of the ledger at once."""
        if self._database is None:
            return
        for start in range(0, len(names), _MANY):
            some = names[start : start + _MANY]
            sql = f"SELECT path, {_COLUMNS} FROM file_stat WHERE path IN ({', '.join('?' * len(some))})"
            found = {
                row[0]: FileStat(tuple(row[1:5]), row[5], row[6]) for row in self._database.query(sql, some)
            }
            with self._lock:
                self._known.update(found)

    def keep(self) -> None:
        """Write what is new into the ledger."""
        with self._lock:
            new, self._new = self._new, {}
            if new and self._database is not None:
                self._database.write(
                    [(_INSERT, [(p, *s.state, s.seen_ns, s.digest) for p, s in new.items()])]
                )

    def forget(self, folder: Path) -> None:
        """Forget the hashes of what lay in a folder that is gone."""
        if self._database is not None:
            begin = f"{folder}{os.sep}"
            self._database.write(
                [("DELETE FROM file_stat WHERE substr(path, 1, ?) = ?", [(len(begin), begin)])]
            )

    def _recorded(self, name: str) -> FileStat | None:
        rows = self._database.query(_SELECT, (name,)) if self._database is not None else []
        return FileStat(tuple(rows[0][:4]), rows[0][4], rows[0][5]) if rows else None


def stat_and_hash(path: Path) -> FileStat:
    """Hash a file that holds still meanwhile; of one that never does, the hash stands for nothing later."""
    for _ in range(TRIES):
        seen_ns, before = time.time_ns(), state_of(path)
        found = digest_file(path)
        if state_of(path) == before:
            return FileStat(before, seen_ns, found)
    return FileStat(before, 0, found)


def _state_or_none(path: Path) -> tuple[int, int, int, int] | None:
    try:
        return state_of(path)
    except OSError:
        return None


def state_of(path: str | Path) -> tuple[int, int, int, int]:
    """Return size, mtime_ns, ctime_ns and inode of a file."""
    known = os.stat(path)
    return known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino
