"""Writes events behind the run: commits are grouped, and the run waits only for what is worth it."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import NodeFinished
from mlflow_tmpl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.ledger.database import Database

    Rows = Mapping[str, Sequence[Sequence[Any]]]
    """Statement to the rows that it is executed with."""

GROUP_S = 0.005
"""Longest time for which events wait for others to be committed with them; after a pause the first does not."""

PRECIOUS_S = 0.1
"""A node that ran this long is on the disk before another starts (1 ms), so that a kill cannot make it run again."""


PATIENCE_S = (0.05, 0.2, 0.5)
"""Waits before another try to write to a full disk."""


class Writer:
    """A listener of the engine whose thread writes events into the ledger, in order.

    Args:
        database: a connection of its own.
        rows_of: what some events are in rows.
    """

    def __init__(self, database: Database, rows_of: Callable[[Sequence[Event]], Rows]) -> None:
        self._database = database
        self._rows_of = rows_of
        self._events: SimpleQueue[Event | Flag | None] = SimpleQueue()
        self._committed_at = 0.0
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name="mlo-ledger", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """Take note of an event.

        Raises:
            LedgerError: an earlier one could not be written.
        """
        if self._failure is not None:
            raise self._failure
        self._events.put(event)
        if isinstance(event, NodeFinished) and event.duration_s >= PRECIOUS_S:
            written = Flag()
            self._events.put(written)
            written.wait()

    def close(self) -> None:
        """Write what is left, and end.

        Raises:
            LedgerError: an event could not be written.
        """
        self._events.put(None)
        try:
            self._thread.join()
        except BaseException:
            # A signal came while the last rows were on their way: they still get there.
            self._thread.join()
            raise
        finally:
            self._database.close()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        more = True
        while more:
            batch, flags, more = self._collect()
            if batch and self._failure is None:
                try:
                    self._write(self._rows_of(batch))
                except Exception as error:  # noqa: BLE001 (raised in the thread of the run)
                    if isinstance(error, LedgerError):
                        error.exit_code = 1  # not a refused command: nodes have run
                    self._failure = error
                self._committed_at = monotonic()
            for flag in flags:
                flag.set()

    def _write(self, rows: Rows) -> None:
        """Write rows, on a full disk in several tries: an output that found no room there is about to be removed."""
        for wait_s in (*PATIENCE_S, None):
            try:
                self._database.write(rows.items())
            except LedgerError as error:
                if wait_s is None or "full" not in error.message:
                    raise
                sleep(wait_s)
            else:
                return

    def _collect(self) -> tuple[list[Event], list[Flag], bool]:
        """Wait for an event, then for those that come with it; also return who waits, and whether more will come."""
        batch: list[Event] = []
        flags: list[Flag] = []
        item = self._events.get()
        if not isinstance(item, Flag):
            sleep(max(0.0, self._committed_at + GROUP_S - monotonic()))
        while item is not None:
            if isinstance(item, Flag):
                flags.append(item)
            else:
                batch.append(item)
            try:
                item = self._events.get_nowait()
            except Empty:
                return batch, flags, True
        return batch, flags, False
