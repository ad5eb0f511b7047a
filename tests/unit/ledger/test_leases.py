from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.ledger import leases as module
from mlflow_tmpl.ledger.leases import Held, Holder, Leases, Moment
from mlflow_tmpl.ledger.processes import this_process

from .test_ledger import add_run

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.ledger.database import Database

NOW = Moment("", frozenset())


@pytest.fixture
def database(ledger: Ledger) -> Database:
    return ledger._database


@pytest.fixture
def claims(database: Database) -> Leases:
    return Leases(database)


def held(database: Database) -> dict[str, str]:
    return dict(database.query("SELECT place, run FROM lease"))


def test_all_outputs_are_taken_or_none(claims: Leases, database: Database) -> None:
    assert claims.take("one", {"a": "x", "b": "y"}, NOW)
    with pytest.raises(Held) as refused:
        claims.take("two", {"b": "y", "c": "z"}, NOW)
    assert refused.value.holder.run == "one"
    assert refused.value.message.startswith("output 'y' is being written by run one (process ")
    assert refused.value.hint == "wait for it with --wait, or stop it: mlo runs cancel one"
    assert held(database) == {"a": "one", "b": "one", "run:one": "one"}
    claims.release(["one"])
    assert claims.take("two", {"b": "y", "c": "z"}, NOW)


def test_a_run_that_writes_nothing_holds_nothing(claims: Leases, database: Database) -> None:
    assert claims.take("one", {}, NOW)
    assert held(database) == {}


def test_outputs_of_the_dead_are_taken_over_and_their_run_is_lost(claims: Leases, database: Database) -> None:
    claims.take("one", {"a": "x", "b": "y"}, NOW)
    where = this_process().birth.rpartition("/")[0]
    database.write([("UPDATE lease SET boot = ?", [(f"{where}/1",)])])
    assert claims.take("two", {"a": "x"}, NOW)
    assert held(database) == {"a": "two", "run:two": "two"}


def test_a_heart_that_beats_keeps_what_cannot_be_seen(claims: Leases, database: Database) -> None:
    claims.take("one", {"a": "x"}, NOW)
    database.write([("UPDATE lease SET boot = 'elsewhere/1', expires_at = ?", [(time.time() - 1,)])])
    claims.renew("one")
    with pytest.raises(Held):
        claims.take("two", {"a": "x"}, NOW)
    database.write([("UPDATE lease SET expires_at = ?", [(time.time() - 1,)])])
    assert claims.take("two", {"a": "x"}, NOW)


def test_a_living_process_holds_nothing_for_a_run_that_never_began_or_has_ended(
    claims: Leases, database: Database, ledger: Ledger
) -> None:
    claims.take("one", {"a": "x"}, NOW)
    add_run(ledger, "0-ended")
    claims.take("0-ended", {"b": "y"}, Moment("0-ended", frozenset()))
    database.write([("UPDATE lease SET since = ?", [(time.time() - 61,)])])
    assert claims.take("two", {"a": "x", "b": "y"}, Moment("0-ended", frozenset()))
    add_run(ledger, "two", status="running")
    database.write([("UPDATE lease SET since = ?", [(time.time() - 61,)])])
    with pytest.raises(Held):
        claims.take("three", {"a": "x"}, claims.moment())


def plan(*outputs: str) -> Any:
    return outputs


@pytest.fixture
def _plans_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "places_of", lambda plan: {name: name for name in plan})


@pytest.mark.usefixtures("_plans_are_places")
def test_a_plan_is_made_again_when_another_run_has_ended_meanwhile(
    claims: Leases, database: Database, ledger: Ledger
) -> None:
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        if len(made) == 1:
            add_run(ledger, "other")
        return plan("a")

    assert claims.claimed("one", make) == ("a",)
    assert len(made) == 2
    assert held(database)["a"] == "one"


@pytest.mark.usefixtures("_plans_are_places")
def test_two_that_wait_for_the_same_both_come_to_an_end(claims: Leases) -> None:
    """Each wants what the other wants, in the other order: neither holds anything while it waits."""
    claims.take("first", {"a": "a", "b": "b"}, NOW)
    told: list[str] = []
    done: list[str] = []

    def work(run: str, *outputs: str) -> None:
        claims.claimed(run, lambda: plan(*outputs), 60.0, lambda holder: told.append(holder.run))
        done.append(run)
        claims.release([run])

    threads = [
        threading.Thread(target=work, args=("two", "a", "b")),
        threading.Thread(target=work, args=("three", "b", "a")),
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 40
    while len(told) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert done == []
    claims.release(["first"])
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["three", "two"]


@pytest.mark.usefixtures("_plans_are_places")
def test_patience_ends_with_who_holds_it(claims: Leases) -> None:
    claims.take("first", {"a": "a"}, NOW)
    with pytest.raises(Held):
        claims.claimed("two", lambda: plan("a"), 0.2)


def test_a_holder_is_told_with_process_host_and_time() -> None:
    holder = Holder("0123456789abcdef", replace(this_process(), host="box", pid=7), 0.0, 0.0)
    told = str(holder)
    assert told.startswith("run 0123456789abc (process 7 on box, since ")
    assert time.strptime(told[-9:-1], "%H:%M:%S").tm_min == time.localtime(0).tm_min
