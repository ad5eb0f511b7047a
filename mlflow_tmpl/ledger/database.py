"""The ledger's file: opened, laid out, and set aside if it is damaged."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import LedgerError, place
from mlflow_tmpl.ledger.schema import SCHEMAS, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

FOLDER = ".mlo"
FILE = "ledger.sqlite"
JOURNAL = ".journal"
"""How the file is named, after its run, in which a run puts down what its nodes gave before it is in the tables."""

_WAIT_S = 30.0

_ROOM = ("PRAGMA cache_size = -16000", "PRAGMA wal_autocheckpoint = 4000")
"""Rows lie under hashes, all over the file: with 16 MB in memory, and moved from the log 16 MB at a time, a large run
writes each page a few times fewer (a fifth of what recording 10,000 nodes takes)."""


_MARKS = 900
"""Values in one statement: SQLite takes 999 in its oldest builds."""

_MOST_ASKED = 500
"""Variables of one query; old versions of SQLite take 999."""


def asked_for(values: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what stands for a table of some values, in a column ``one_of``, and the values that it takes."""
    for start in range(0, len(values), _MOST_ASKED):
        some = values[start : start + _MOST_ASKED]
        rows = ", ".join(["(?)"] * len(some))
        yield f"(SELECT column1 AS one_of FROM (VALUES {rows}))", some


class Database:
    """One connection to a ledger; threads take turns.

    Args:
        path: the file; it and its folder are made if they are missing.
        notes: is given a sentence when a damaged file was set aside; without them that is an error.

    Attributes:
        damage: what was found when the file turned out to be damaged.

    Raises:
        LedgerError: it cannot be opened, or was made by a newer version of mlo.
    """

    def __init__(self, path: Path, notes: list[str] | None = None) -> None:
        self.path = path
        self.damage: LedgerError | None = None
        self._lock = RLock()
        self._connection = self._open(notes)
        self._file = _identity(path)

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query.

        Raises:
            LedgerError: the file is damaged; it has then been set aside.
        """
        try:
            with self._lock:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def write(self, batches: Collection[tuple[str, Iterable[Sequence[Any]]]]) -> None:
        """Execute statements with many rows each, all or nothing.

        Raises:
            LedgerError: the file cannot be written.
        """
        try:
            with self._lock:
                try:
                    self._write(batches)
                except UnicodeEncodeError:
                    self._write([(sql, [_encodable(row) for row in rows]) for sql, rows in batches])
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def write_flat(self, batches: Collection[tuple[str, Sequence[Any]]]) -> None:
        """Execute statements with many rows each, all or nothing; the values of all rows of one stand in one list.

        Raises:
            LedgerError: the file cannot be written.
        """
        self.write([piece for sql, values in batches for piece in _in_pieces(sql, values)])

    def _write(self, batches: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in batches:
                self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def alone(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """Give what executes statements while nobody else writes: all of them stand, or none.

        Raises:
            LedgerError: the file cannot be written.
        """
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection.execute
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def has_journals(self) -> bool:
        """Tell whether runs, living or dead, have put down what may not be in the tables yet."""
        try:
            return any(name.endswith(JOURNAL) for name in os.listdir(self.path.parent))
        except OSError:
            return False  # someone has removed the folder

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self, notes: list[str] | None) -> sqlite3.Connection:
        _make_folder(self.path.parent)
        try:
            return self._connect()
        except sqlite3.Error as error:
            if not (_is_damage(error) or self.path.is_dir()):
                raise self._failed(error) from error
            aside = place(set_aside(self.path))
            if notes is None:
                raise _damaged(error, self.path, aside) from error
        notes.append(f"the ledger was damaged; it is set aside as {aside}, and a new one begins")
        try:
            return self._connect()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise LedgerError(
                    f"the ledger has schema {version}, and this mlo knows schema {VERSION}",
                    where=place(self.path),
                    hint="upgrade: pip install --upgrade mlflow-tmpl",
                )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            for pragma in _ROOM:
                connection.execute(pragma)
            if version < VERSION:
                self._lay_out(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _lay_out(self, connection: sqlite3.Connection) -> None:
        """Bring the tables to the present schema, unless another process has just done so."""
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if 0 < version < VERSION:
            _back_up(self.path, version)
        for script in SCHEMAS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")

    def _failed(self, error: sqlite3.Error) -> LedgerError:
        if self.damage is not None:
            return self.damage
        if _is_damage(error):
            self._connection.close()
            # Another connection may have set it aside before, and a new one may have begun.
            aside = place(set_aside(self.path)) if _identity(self.path) == self._file else ""
            self.damage = _damaged(error, self.path, aside)
            return self.damage
        hint = {
            "full": "make room on the disk, then run again: what has finished is kept",
            "I/O": "see whether the disk is full or failing, then run again: what has finished is kept",
            "locked": "another process holds it; try again when that has ended",
        }
        found = next(
            (text for word, text in hint.items() if word in str(error)), "check the rights on the folder .mlo"
        )
        return LedgerError(f"the ledger cannot be used: {error}", where=place(self.path), hint=found)


def _damaged(error: sqlite3.Error, path: Path, aside: str) -> LedgerError:
    return LedgerError(
        f"the ledger is damaged: {error}",
        where=place(path),
        hint=f"it is set aside{f' as {aside}' if aside else ''}; run again",
    )


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what a file is whatever its name, ``None`` if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def set_aside(path: Path) -> Path:
    """Rename a damaged ledger, with what belongs to it, and return its new path; nothing is deleted."""
    stamp = time.strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}-{os.getpid()}{path.suffix}")
    for suffix in ("-wal", "-shm", ""):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.replace(f"{aside}{suffix}")
    return aside


def _back_up(path: Path, version: int) -> None:
    """Copy a ledger as it is before its tables are changed; a copy that was begun and not finished is no harm."""
    copy = path.with_name(f"{path.stem}.before-schema-{version + 1}{path.suffix}")
    begun = copy.with_name(f"{copy.name}.{os.getpid()}")
    source, target = sqlite3.connect(path, timeout=_WAIT_S), sqlite3.connect(begun)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
        source.close()
    begun.replace(copy)


def _in_pieces(sql: str, values: Sequence[Any]) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    """Yield a statement that adds as many rows as it may at once, and the values of each time; then what is left.

    One by one rows take half as long again, and give up Python's lock each time, which a run fights for.
    """
    marks = sql.count("?")
    head, adds, row = sql.partition("VALUES ")
    step = marks * (max(_MARKS // marks, 1) if adds else 1)
    whole = len(values) - len(values) % step
    if whole:
        several = head + adds + ", ".join([row] * (step // marks))
        yield several, [values[at : at + step] for at in range(0, whole, step)]
    yield sql, [values[at : at + marks] for at in range(whole, len(values), marks)]


def _encodable(values: Sequence[Any]) -> list[Any]:
    """Return values without halves of surrogate pairs, as names of files that are no UTF-8 have in Python."""
    return [
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for value in values
    ]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise LedgerError(
            f"the folder of the ledger cannot be made: {error.strerror or error}",
            where=place(folder),
            hint="mlo keeps its records there: make the project's folder writable",
        ) from error


def _is_damage(error: sqlite3.Error) -> bool:
    return any(word in str(error) for word in ("not a database", "malformed", "encrypted", "no such table"))
