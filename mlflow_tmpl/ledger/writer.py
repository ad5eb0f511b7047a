"""Writes rows behind the run: commits are grouped, and the run never waits for the disk."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.errors import LedgerError
    from mlflow_tmpl.ledger.database import Database

GROUP_S = 0.005
"""Longest time for which rows wait for others to be committed with them."""


class Writer:
    """A thread that commits rows in the order in which they are put.

    Args:
        database: a connection of its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: SimpleQueue[tuple[str, Sequence[Any]] | None] = SimpleQueue()
        self._failure: LedgerError | None = None
        self._failed = Event()
        self._thread = Thread(target=self._work, name="mlo-ledger", daemon=True)
        self._thread.start()

    def put(self, sql: str, row: Sequence[Any]) -> None:
        """Hand over a row.

        Raises:
            LedgerError: an earlier row could not be written.
        """
        if self._failed.is_set():
            self._raise()
        self._rows.put((sql, row))

    def close(self) -> None:
        """Write what is left, and end.

        Raises:
            LedgerError: a row could not be written.
        """
        self._rows.put(None)
        self._thread.join()
        self._database.close()
        self._raise()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        from mlflow_tmpl.errors import LedgerError

        more = True
        while more:
            batch, more = self._collect()
            if batch and self._failure is None:
                try:
                    self._database.write(batch.items())
                except LedgerError as error:
                    self._failure = error
                    self._failed.set()

    def _collect(self) -> tuple[dict[str, list[Sequence[Any]]], bool]:
        """Wait for a row, then for those that come with it; rows are grouped by statement."""
        first = self._rows.get()
        if first is None:
            return {}, False
        batch: dict[str, list[Sequence[Any]]] = {first[0]: [first[1]]}
        sleep(GROUP_S)
        while True:
            try:
                item = self._rows.get_nowait()
            except Empty:
                return batch, True
            if item is None:
                return batch, False
            batch.setdefault(item[0], []).append(item[1])
