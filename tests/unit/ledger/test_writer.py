from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest

from mlflow_tmpl.engine.events import NodeFinished
from mlflow_tmpl.engine.task import Outcome
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.database import JOURNAL, Database
from mlflow_tmpl.ledger.statements import METRIC, from_bytes, to_bytes
from mlflow_tmpl.ledger.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.ledger.recorder import Recorder

CODE = "INSERT INTO code VALUES (?, ?)"


class Rows:
    """Makes a row of each event, and counts in how many batches they came; a finished node is told as bytes."""

    def __init__(self, size: int = 1) -> None:
        self.batches: list[int] = []
        self.size = size

    def heard(self, event: Event) -> Event | bytes | None:
        if isinstance(event, NodeFinished):
            return to_bytes([(METRIC, ("d", "f", "n", "", int(event.at), "x" * self.size))])
        return event

    def rows_of(self, heard: Iterable[Event | bytes]) -> Mapping[str, Sequence[Any]]:
        batch = list(heard)
        self.batches.append(len(batch))
        plain = [str(event) for event in batch if not isinstance(event, bytes)]
        told = [row for event in batch if isinstance(event, bytes) for row in from_bytes(event)]
        return {
            CODE: [value for event in plain for value in (event, "x" * self.size)],
            **({METRIC: [value for _, row in told for value in row]} if told else {}),
        }


class Broken(Rows):
    """Cannot tell anything in rows."""

    def rows_of(self, heard: Iterable[Event | bytes]) -> Mapping[str, Sequence[Any]]:
        raise TypeError("a mistake of ours")


def begin(path: Path, rows: Rows) -> Writer:
    return Writer(Database(path), cast("Recorder", rows))


def finish(writer: Writer, number: int = 0) -> None:
    outcome = Outcome({})
    writer(NodeFinished(cast("Any", None), "done", float(number), outcome=outcome))


def journals(path: Path) -> list[Path]:
    return list(path.parent.glob(f"*{JOURNAL}"))


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
    writer = begin(path, rows)
    for number in range(2000):
        tell(writer, number)
    writer.close()
    assert sum(rows.batches) == 2000
    assert len(rows.batches) < 200
    assert [int(name) for (name,) in Database(path).query("SELECT id FROM code ORDER BY id")] == list(
        range(2000)
    )


def test_what_comes_densely_is_committed_in_groups_that_grow(path: Path) -> None:
    rows = Rows()
    writer = begin(path, rows)
    for number in range(3000):
        finish(writer, number)
    writer.close()
    assert sum(rows.batches) == 3000
    assert len(rows.batches) < 60
    assert Database(path).query("SELECT count(*), max(step) FROM metric") == [(3000, 2999)]


def test_a_node_that_has_ended_is_put_down_before_the_run_goes_on(path: Path) -> None:
    writer = begin(path, Rows())
    for number in range(20):
        finish(writer, number)
        (journal,) = journals(path)
        assert to_bytes([(METRIC, ("d", "f", "n", "", number, "x"))]) in journal.read_bytes()
    writer.close()
    assert journals(path) == []


def test_a_long_journal_is_begun_anew_when_all_of_it_is_in_the_tables(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow_tmpl.ledger.writer.JOURNAL_BYTES", 2000)
    writer = begin(path, Rows(size=100))
    for number in range(100):
        finish(writer, number)
        (journal,) = journals(path)
        assert journal.stat().st_size < 2000
    assert Database(path).query("SELECT count(*) > 80 FROM metric") == [(1,)]
    writer.close()
    assert Database(path).query("SELECT count(*) FROM metric") == [(100,)]


def test_without_a_journal_a_run_waits_until_a_node_that_has_ended_is_in_the_tables(path: Path) -> None:
    reader = Database(path)
    writer = begin(path, Rows())
    writer._journal = FullDisk()  # type: ignore[assignment]
    for number in range(20):
        finish(writer, number)
        assert reader.query("SELECT count(*) FROM metric") == [(number + 1,)]
    writer.close()


class FullDisk:
    """A journal for which there is no room."""

    def add(self, _: bytes) -> None:
        raise OSError("No space left on device")

    def close(self, *, remove: bool) -> None:
        assert remove


def test_a_run_that_waits_for_a_node_hears_of_a_failure_and_does_not_hang(path: Path) -> None:
    writer = begin(path, Broken())
    writer._has_journal = False
    finish(writer)
    with pytest.raises(TypeError, match="a mistake of ours"):
        finish(writer)


def test_an_event_is_on_the_disk_soon_though_nobody_closes(path: Path) -> None:
    writer = begin(path, Rows())
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
    writer = Writer(database, cast("Recorder", Rows(size=5000)))
    with pytest.raises(LedgerError, match="database or disk is full") as caught:
        tell_much(writer)
    assert caught.value.exit_code == 1
    with pytest.raises(LedgerError, match="database or disk is full"):
        writer.close()


def test_a_disk_that_is_full_for_a_moment_loses_nothing(path: Path) -> None:
    database = Database(path)
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages + 2}")
    writer = Writer(database, cast("Recorder", Rows(size=5000)))
    for number in range(50):
        tell(writer, number)
    time.sleep(0.1)
    database.query("PRAGMA max_page_count = 100000")
    writer.close()
    assert Database(path).query("SELECT count(*) FROM code") == [(50,)]


def test_whatever_goes_wrong_in_its_thread_is_not_lost_and_neither_is_what_was_put_down(path: Path) -> None:
    writer = begin(path, Broken())
    with suppress(TypeError):
        finish(writer)
    with pytest.raises(TypeError, match="a mistake of ours"):
        writer.close()
    assert len(journals(path)) == 1
