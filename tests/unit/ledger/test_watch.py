from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest

from mlflow_tmpl.engine.events import NodeStarted, RunFinished
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.watch import Cancelled, Watch, ask_to_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.ledger import Ledger

PATIENCE_S = 40.0


def wait() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        time.sleep(0.01)


def watch(ledger: Ledger, run: str = "one") -> Watch:
    return Watch(ledger._database, ledger.leases, run)


def test_what_is_asked_of_a_run_interrupts_it_with_who_asked(ledger: Ledger) -> None:
    asked = time.monotonic()
    ask_to_stop(ledger._database, "one")
    with pytest.raises(Cancelled) as cancelled, watch(ledger):
        wait()
    assert time.monotonic() - asked < PATIENCE_S
    assert cancelled.value.by
    assert not issubclass(Cancelled, Exception), "what catches errors does not catch it"


def test_what_is_asked_of_another_run_does_not(ledger: Ledger) -> None:
    with watch(ledger, "two"):
        ask_to_stop(ledger._database, "one")
        time.sleep(0.6)


def test_a_run_in_a_thread_is_interrupted_there(ledger: Ledger) -> None:
    found: list[BaseException] = []

    def work() -> None:
        try:
            with watch(ledger):
                wait()
        except BaseException as error:  # noqa: BLE001
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    ask_to_stop(ledger._database, "one")
    thread.join(PATIENCE_S)
    assert [type(error) for error in found] == [Cancelled]


def test_one_that_swallows_it_starts_no_further_node(ledger: Ledger) -> None:
    started = NodeStarted(cast("Any", None), 0.0)
    with watch(ledger) as watching:
        watching(started)
        ask_to_stop(ledger._database, "one")
        with suppress(KeyboardInterrupt):
            wait()
        watching(RunFinished("one", "done", 0.0, 0.0))
        with pytest.raises(Cancelled):
            watching(started)


def test_an_interrupt_from_the_keyboard_stays_what_it_is(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt) as stopped, watch(ledger):
        raise KeyboardInterrupt
    assert type(stopped.value) is KeyboardInterrupt


def test_a_run_says_that_it_is_alive(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow_tmpl.ledger import watch as module
    from mlflow_tmpl.ledger.leases import Moment

    monkeypatch.setattr(module, "BEAT_S", 0.0)
    ledger.leases.take("one", {"a": "x"}, Moment("", frozenset()))
    ledger._database.write([("UPDATE lease SET expires_at = 0.0", [()])])
    deadline = time.monotonic() + PATIENCE_S
    with watch(ledger):
        while (holder := ledger.leases.holder("one")) and not holder.expires_at:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert holder is not None
    assert holder.expires_at > time.time()


def test_damage_that_is_found_beside_a_run_ends_it_as_nothing_would_stay_on_record(ledger: Ledger) -> None:
    def look_at_noise(sql: str, values: Sequence[Any] = ()) -> list[Any]:
        raise database._failed(sqlite3.DatabaseError("database disk image is malformed"))

    database = ledger._database
    database.query = look_at_noise  # type: ignore[method-assign]
    with pytest.raises(LedgerError, match="the ledger is damaged: ") as caught, watch(ledger) as watching:
        watching._thread.join(PATIENCE_S)
    assert caught.value.exit_code == 1
    with pytest.raises(LedgerError, match="the ledger is damaged: "):
        watching(NodeStarted(cast("Any", None), 0.0))
    assert len(list(ledger.path.parent.glob("ledger.damaged-*.sqlite"))) == 1
