"""Values of memory that outlive their run: what there is, and reading it back.

A value that lives only in memory has its maker's key for a fingerprint, so a copy that was kept under that
fingerprint is the value. What is worth keeping is decided as in Helix (Xin et al., "Helix: Holistic Optimization
for Accelerating Iterative Machine Learning", VLDB 2018): what takes longer to make again, with all that it is
made from, than twice to write and to read.
"""

from __future__ import annotations

from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Any, Protocol

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import Hasher
from mlflow_tmpl.store.packing import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from mlflow_tmpl.store.store import Store


@dataclass(frozen=True, slots=True)
class Kept:
    """One value that was kept.

    Attributes:
        fingerprint: ``key:<key of its maker>/<name>``.
        digest: hash of the object that holds it.
        format: key of `packing.FORMATS`.
        bytes: how many it takes.
        seconds: how long making it again would have taken.
        made_at: seconds since the epoch.
        used_at: likewise, of the last time that it was read.
    """

    fingerprint: str
    digest: str
    format: str
    bytes: int
    seconds: float
    made_at: float
    used_at: float


class Index(Protocol):
    """Where it is written down what was kept; the ledger does it."""

    def rows(self) -> Iterable[Kept]:
        """Return all that was kept."""
        ...

    def add(self, rows: Collection[Kept]) -> None:
        """Write down some more, in the place of what was kept under the same fingerprints."""
        ...

    def used(self, fingerprints: Collection[str], at: float) -> None:
        """Write down that values were read."""
        ...

    def forget(self, fingerprints: Collection[str]) -> None:
        """Strike values out."""
        ...

    def is_needed(self, digest: str) -> bool:
        """Tell whether an object is anything else as well: another value, or a version of an output."""
        ...


class Lost(Exception):
    """A value that was kept cannot be read any more; it has to be made again."""


class KeptValues:
    """The values of memory that the store has.

    Args:
        store: holds them.
        index: knows which object is which value.
        hash_file: gives the hash of a file's content, from a cache if it is unchanged.
        is_trusted: tells whether an object may be unpickled; one from elsewhere may not.
    """

    def __init__(
        self,
        store: Store,
        index: Index,
        hash_file: Callable[[Path], str],
        is_trusted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.store = store
        self.index = index
        self._hash_file = hash_file
        self._is_trusted = is_trusted
        self._rows: dict[str, Kept] | None = None
        self._read: set[str] = set()

    @property
    def rows(self) -> dict[str, Kept]:
        """What there is, by fingerprint; read from the index when it is first asked for."""
        if self._rows is None:
            self._rows = {row.fingerprint: row for row in self.index.rows()}
        return self._rows

    def refresh(self) -> None:
        """Ask the index again: other runs keep values and let go of them."""
        self._rows = None

    def __contains__(self, fingerprint: object) -> bool:
        return self._path(fingerprint) is not None

    def is_whole(self, fingerprint: str) -> bool:
        """Tell whether a value is there and was not changed since it was written."""
        path = self._path(fingerprint)
        try:
            return path is not None and self._hash_file(path) == self.rows[fingerprint].digest
        except OSError:
            return False

    def load(self, fingerprint: str) -> Any:
        """Return a value, checked against its hash; nobody else has the same object.

        Raises:
            Lost: it is not there, is damaged, or cannot be unpacked; it is not there from now on.
        """
        row = self.rows.get(fingerprint)
        if row is None or fingerprint not in self:
            raise Lost(f"{fingerprint} is not there")
        try:
            value = unpack(row.format, memoryview(self._bytes(row)))
        except MemoryError:
            raise
        except Exception as error:
            self.rows.pop(fingerprint, None)
            tell("what was kept as %s cannot be read, and is made again: %s", fingerprint, error)
            raise Lost(f"{fingerprint} cannot be read: {error}") from error
        self._read.add(fingerprint)
        return value

    def forget(self, fingerprints: Collection[str]) -> None:
        """Let go of values, and of their objects if nothing else needs them."""
        gone = [row for row in map(self.rows.get, fingerprints) if row is not None]
        if not gone:
            return
        for row in gone:
            self.rows.pop(row.fingerprint, None)
        self.index.forget([row.fingerprint for row in gone])
        for row in gone:
            if not self.index.is_needed(row.digest):
                with suppress(OSError):  # open elsewhere (Windows): `mlo store gc` removes it
                    self.store.remove(row.digest)

    def note_use(self) -> None:
        """Write down what was read, so that what nobody reads is let go first."""
        if self._read:
            self.index.used(tuple(self._read), time())
            self._read.clear()

    def _bytes(self, row: Kept) -> bytearray:
        """Return what an object holds, checked as it is now in memory; one that is damaged is set aside.

        Not a memory map: that would end the process should someone cut the file short.
        """
        path = self.store.path(row.digest)
        if path is None:
            raise FileNotFoundError(row.digest)
        data = bytearray(row.bytes)
        with path.open("rb", buffering=0) as file:
            filled, view = 0, memoryview(data)
            while count := file.readinto(view[filled:]):
                filled += count
        hasher = Hasher()
        hasher.update(data)
        if filled == row.bytes and hasher.digest() == row.digest:
            return data
        self.store.set_aside(row.digest)
        raise ValueError("the object is damaged, and is set aside")

    def _path(self, fingerprint: object) -> Path | None:
        row = self.rows.get(fingerprint) if isinstance(fingerprint, str) else None
        if row is None or (row.format == "pickle" and not self._is_trusted(row.digest)):
            return None
        path = self.store.path(row.digest)
        try:
            return path if path is not None and path.stat().st_size == row.bytes else None
        except OSError:
            return None


def tell(message: str, *values: object) -> None:
    """Say in the log why a value is not kept or cannot be read: a run goes on without."""
    import logging  # only then: it takes milliseconds

    logging.getLogger("mlflow_tmpl.store").info(message, *values)
