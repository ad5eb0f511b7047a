from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from mlflow_tmpl.engine.events import NodeFinished
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.database import Database
from mlflow_tmpl.ledger.writer import PRECIOUS_S, Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.engine.events import Event

CODE = "INSERT INTO code VALUES (?, ?)"


class Rows:
    """Makes a row of each event, and counts in how many batches they came."""

    def __init__(self, size: int = 1) -> None:
        self.batches: list[int] = []
        self.size = size

    def __call__(self, events: Sequence[Event]) -> Mapping[str, Sequence[Sequence[Any]]]:
        self.batches.append(len(events))
        return {CODE: [(str(event), "x" * self.size) for event in events]}


def tell(writer: Writer, number: int) -> None:
    writer(cast("Event", f"{number:06}"))


def tell_much(writer: Writer) -> None:
    for number in range(100_000):
        tell(writer, number)
        time.sleep(0.001)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".mlo" / "ledger.sqlite"


def test_events_that_come_together_are_committed_together_and_in_order(path: Path) -> None:
    rows = Rows()
    writer = Writer(Database(path), rows)
    for number in range(2000):
        tell(writer, number)
    writer.close()
    assert sum(rows.batches) == 2000
    assert len(rows.batches) < 200
    assert [int(name) for (name,) in Database(path).query("SELECT id FROM code ORDER BY id")] == list(
        range(2000)
    )


def test_a_node_that_ran_long_is_on_the_disk_before_the_run_goes_on(path: Path) -> None:
    reader = Database(path)
    writer = Writer(Database(path), lambda events: {CODE: [(str(event.at), "x") for event in events]})
    for number in range(20):
        writer(NodeFinished(cast("Any", None), "done", float(number), PRECIOUS_S))
        assert reader.query("SELECT count(*) FROM code") == [(number + 1,)]
    writer.close()


def test_a_run_that_waits_for_a_node_hears_of_a_failure_and_does_not_hang(path: Path) -> None:
    def break_down(_: Sequence[Event]) -> Mapping[str, Sequence[Sequence[Any]]]:
        raise TypeError("a mistake of ours")

    writer = Writer(Database(path), break_down)
    writer(NodeFinished(cast("Any", None), "done", 0.0, PRECIOUS_S))
    with pytest.raises(TypeError, match="a mistake of ours"):
        writer(NodeFinished(cast("Any", None), "done", 0.0, PRECIOUS_S))


def test_an_event_is_on_the_disk_soon_though_nobody_closes(path: Path) -> None:
    writer = Writer(Database(path), Rows())
    tell(writer, 1)
    reader = Database(path)
    deadline = time.monotonic() + 40
    while not reader.query("SELECT * FROM code") and time.monotonic() < deadline:
        time.sleep(0.005)
    assert reader.query("SELECT id FROM code") == [("000001",)]
    writer.close()


def test_a_full_disk_comes_up_once_in_the_thread_of_the_run_and_again_at_the_end(path: Path) -> None:
    database = Database(path)
    database.query(f"PRAGMA max_page_count = {database.query('PRAGMA page_count')[0][0] + 2}")
    writer = Writer(database, Rows(size=5000))
    with pytest.raises(LedgerError, match="database or disk is full") as caught:
        tell_much(writer)
    assert caught.value.exit_code == 1
    with pytest.raises(LedgerError, match="database or disk is full"):
        writer.close()


def test_a_disk_that_is_full_for_a_moment_loses_nothing(path: Path) -> None:
    database = Database(path)
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages + 2}")
    writer = Writer(database, Rows(size=5000))
    for number in range(50):
        tell(writer, number)
    time.sleep(0.1)
    database.query("PRAGMA max_page_count = 100000")
    writer.close()
    assert Database(path).query("SELECT count(*) FROM code") == [(50,)]


def test_whatever_goes_wrong_in_its_thread_is_not_lost(path: Path) -> None:
    def break_down(_: Sequence[Event]) -> Mapping[str, Sequence[Sequence[Any]]]:
        raise TypeError("a mistake of ours")

    writer = Writer(Database(path), break_down)
    tell(writer, 1)
    with pytest.raises(TypeError, match="a mistake of ours"):
        writer.close()
