"""What goes on beside a run: it says that it is alive, and hears when someone wants it to stop."""

from __future__ import annotations

import signal
import sys
import time
from threading import Event as Flag
from threading import Lock, Thread, current_thread, main_thread
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.events import NodeStarted
from mlflow_tmpl.engine.identity import new_run_id
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.leases import BEAT_S
from mlflow_tmpl.ledger.surroundings import actor

if TYPE_CHECKING:
    from types import TracebackType

    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.ledger.database import Database
    from mlflow_tmpl.ledger.leases import Leases

LISTEN_S = 0.2
"""How soon a run hears that it shall stop."""

_ASK = "INSERT INTO event VALUES (?, ?, ?, 'cancel', ?, '', NULL, '', NULL)"
_ASKED = "SELECT actor FROM event WHERE subject = ? AND kind = 'cancel' LIMIT 1"


class Cancelled(KeyboardInterrupt):
    """Someone asked the run to stop; nothing that catches `Exception` catches it.

    Attributes:
        by: who asked.
    """

    def __init__(self, by: str = "") -> None:
        super().__init__(f"the run was cancelled by {by}")
        self.by = by


def ask_to_stop(database: Database, run: str) -> None:
    """Ask a run to stop, wherever it is; it hears it within `LISTEN_S`."""
    database.write([(_ASK, [(new_run_id(), time.time(), actor(), run)])])


class Watch:
    """Keeps a run's leases while a block runs it, and interrupts it when it shall stop.

    It is a listener as well: a node that catches whatever is raised is the last one.

    Args:
        database: of the ledger.
        leases: of the same.
        run: id of the run.
    """

    def __init__(self, database: Database, leases: Leases, run: str) -> None:
        self._database = database
        self._leases = leases
        self._run = run
        self._over = Flag()
        self._turn = Lock()
        self._by = ""
        self._damage: LedgerError | None = None
        self._worker = current_thread()
        self._thread = Thread(target=self._look, name="mlo-watch", daemon=True)

    def __call__(self, event: Event) -> None:
        """Start no node after somebody has asked to stop, or where nothing is recorded any more.

        Raises:
            LedgerError: the ledger was found to be damaged, and set aside; the run's records went with it.
        """
        if self._damage is not None:
            raise self._damage
        if self._by and isinstance(event, NodeStarted):
            raise Cancelled(self._by)

    def __enter__(self) -> Watch:
        self._worker = current_thread()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        with self._turn:
            self._over.set()
        if self._by and isinstance(error, KeyboardInterrupt):
            raise Cancelled(self._by) from error
        if self._damage is not None and error is None:
            raise self._damage

    def _look(self) -> None:
        due = time.monotonic() + BEAT_S
        while not self._over.wait(LISTEN_S):
            try:
                if time.monotonic() >= due:
                    self._leases.renew(self._run)
                    due = time.monotonic() + BEAT_S
                asked = self._database.query(_ASKED, (self._run,))
            except LedgerError as error:
                if self._database.damage is None:
                    continue  # the run itself will find out: it writes there
                error.exit_code = 1  # not a refused command: nodes have run
                self._damage = error
                return
            if asked:
                with self._turn:
                    if not self._over.is_set():
                        self._by = asked[0][0]
                        interrupt(self._worker)
                return


def interrupt(thread: Thread) -> None:
    """Raise in a thread what ends its work: through a signal where it heeds one, as that ends a wait as well."""
    if thread is main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(signal.getsignal(number)):
                if sys.platform == "win32":
                    signal.raise_signal(number)
                else:
                    signal.pthread_kill(thread.ident or 0, number)
                return
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Cancelled))
