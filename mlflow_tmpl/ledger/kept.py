"""Which object of the store is which value of memory, in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.store.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mlflow_tmpl.ledger.database import Database

_ROWS = "SELECT fingerprint, digest, format, bytes, seconds, made_at, used_at FROM kept"
_ADD = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?, ?)"
_USED = "UPDATE kept SET used_at = ? WHERE fingerprint = ?"
_FORGET = "DELETE FROM kept WHERE fingerprint = ?"
_NEEDED = "SELECT 1 FROM kept WHERE digest = ? UNION ALL SELECT 1 FROM version WHERE fingerprint = ? LIMIT 1"


class KeptIndex:
    """The table `kept`; an implementation of `store.kept.Index`.

    It is a cache of this machine's, so its rows may be replaced and deleted, unlike those of the record.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> Iterable[Kept]:
        """Return all that was kept."""
        return [Kept(*row) for row in self._database.query(_ROWS)]

    def add(self, rows: Collection[Kept]) -> None:
        """Write down some more, in the place of what was kept under the same fingerprints."""
        told = [
            (row.fingerprint, row.digest, row.format, row.bytes, row.seconds, row.made_at, row.used_at)
            for row in rows
        ]
        self._database.write([(_ADD, told)])

    def used(self, fingerprints: Collection[str], at: float) -> None:
        """Write down that values were read."""
        self._database.write([(_USED, [(at, fingerprint) for fingerprint in fingerprints])])

    def forget(self, fingerprints: Collection[str]) -> None:
        """Strike values out."""
        self._database.write([(_FORGET, [(fingerprint,) for fingerprint in fingerprints])])

    def is_needed(self, digest: str) -> bool:
        """Tell whether an object is anything else as well: another value, or a version of an output."""
        return bool(self._database.query(_NEEDED, (digest, digest)))
