"""Writes events behind the run: what a node gave is put down before another starts, the tables follow in groups."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import ContentFound, NodeFinished, RunStarted
from mlflow_tmpl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.ledger.database import Database
    from mlflow_tmpl.ledger.journal import Journal
    from mlflow_tmpl.ledger.recorder import Recorder

    Rows = Mapping[str, Sequence[Any]]
    """Statement to the values of the rows that it is executed with."""

GROUP_S = 0.005
"""For so long at least what comes waits for more to be committed with it; after a pause the first does not."""

LONGEST_S = 0.25
"""For so long at most."""

SHARE = 4
"""It waits so many times as long as the last commit took: the more comes, the larger the groups, and a row of a large
group takes a third of one of a small group."""

JOURNAL_BYTES = 8 << 20
"""When its journal is so long, a run waits until it is in the tables."""

PATIENCE_S = (0.05, 0.2, 0.5)
"""Waits before another try to write to a full disk."""


class Writer:
    """A listener of the engine whose thread writes events into the ledger, in order.

    Args:
        database: a connection of its own.
        recorder: tells events in rows.
    """

    def __init__(self, database: Database, recorder: Recorder) -> None:
        self._database = database
        self._recorder = recorder
        self._heard: SimpleQueue[Event | bytes | Flag | None] = SimpleQueue()
        self._journal: Journal | None = None
        self._has_journal = True
        self._run = ""
        self._closing = False
        self._due = 0.0
        self._hurry = Flag()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name="mlo-ledger", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """Take note of an event; what a node gave outlives the process when this returns.

        Raises:
            LedgerError: an earlier one could not be written.
        """
        if self._failure is not None:
            raise self._failure
        heard = self._recorder.heard(event)
        self._heard.put(heard)
        if isinstance(heard, bytes):
            if isinstance(event, ContentFound) or _ran(event):
                self._put_down(heard)
        elif isinstance(event, RunStarted):
            self._run = event.run_id
            self._hurry.set()  # others look which runs there are

    def close(self) -> None:
        """Write what is left, and end.

        Raises:
            LedgerError: an event could not be written.
        """
        self._closing = True
        self._heard.put(None)
        self._hurry.set()
        try:
            self._thread.join()
        except BaseException:
            # A signal came while the last rows were on their way: they still get there.
            self._thread.join()
            raise
        finally:
            self._database.close()
            if self._journal is not None:
                self._journal.close(remove=self._failure is None and not self._thread.is_alive())
        if self._failure is not None:
            raise self._failure

    def _put_down(self, piece: bytes) -> None:
        """Bring rows where a kill does not reach them: into the journal, or without one into the tables."""
        try:
            if self._has_journal:
                journal = self._open_journal()
                journal.add(piece)
                if journal.bytes > JOURNAL_BYTES and self._written():
                    journal.clear()
        except OSError:
            self._has_journal = False
        if not self._has_journal:
            self._written()

    def _open_journal(self) -> Journal:
        if self._journal is None:
            from mlflow_tmpl.ledger.journal import Journal

            self._journal = Journal(self._database.path.parent, self._run)
        return self._journal

    def _written(self) -> bool:
        """Wait until all that was heard is in the tables; return whether it got there."""
        written = Flag()
        self._heard.put(written)
        self._hurry.set()
        written.wait()
        return self._failure is None

    def _work(self) -> None:
        ended = False
        while not ended:
            batch, flags, ended = self._collect()
            began = monotonic()
            if self._failure is None:
                try:
                    self._write(self._recorder.rows_of(batch))
                except Exception as error:  # noqa: BLE001 (raised in the thread of the run)
                    if isinstance(error, LedgerError):
                        error.exit_code = 1  # not a refused command: nodes have run
                    self._failure = error
                now = monotonic()
                self._due = now + min(LONGEST_S, max(GROUP_S, SHARE * (now - began)))
            for flag in flags:
                flag.set()

    def _write(self, rows: Rows) -> None:
        """Write rows, on a full disk in several tries: an output that found no room there is about to be removed."""
        for wait_s in (*PATIENCE_S, None) if rows else ():
            try:
                self._database.write_flat(rows.items())
            except LedgerError as error:
                if wait_s is None or "full" not in error.message:
                    raise
                sleep(wait_s)
            else:
                return

    def _collect(self) -> tuple[list[Event | bytes], list[Flag], bool]:
        """Wait for something, then for what comes with it; also return who waits, and whether no more will come."""
        batch: list[Event | bytes] = []
        flags: list[Flag] = []
        item = self._heard.get()
        self._hurry.wait(max(0.0, self._due - monotonic()))
        self._hurry.clear()  # before the queue is emptied: who is in a hurry stands in it already
        ended = self._closing
        while True:
            if isinstance(item, Flag):
                flags.append(item)
            elif item is not None:
                batch.append(item)
            try:
                item = self._heard.get_nowait()
            except Empty:
                return batch, flags, ended


def _ran(event: Event) -> bool:
    return isinstance(event, NodeFinished) and (event.outcome is not None or event.error is not None)
