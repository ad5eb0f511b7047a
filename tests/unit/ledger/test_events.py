"""Tags, aliases, pins and deletions: what stands is the latest event, and no event is ever changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.events import (
    ALIAS,
    PIN,
    RUNS,
    TAG,
    check_alias,
    check_tag,
    run_subject,
    version_subject,
)

from .adding import add_output, add_run

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger

ONE, TWO, THREE = "01aa-1", "01ab-2", "01ac-3"


@pytest.fixture
def three(ledger: Ledger) -> Ledger:
    for run in (ONE, TWO, THREE):
        add_run(ledger, run)
    return ledger


def test_the_latest_event_is_the_state_and_the_earlier_ones_stay(three: Ledger) -> None:
    for value in ("a", None, "b"):
        three.events.add(TAG, run_subject(ONE), "who", value)
    assert three.events.tags() == {ONE: {"who": "b"}}
    rows = three._database.query("SELECT id, value, replaces FROM event ORDER BY id")
    assert [row[1] for row in rows] == ["a", None, "b"]
    assert [row[2] for row in rows] == [None, rows[0][0], rows[1][0]]


def test_a_tag_that_was_taken_off_is_gone(three: Ledger) -> None:
    three.events.add(TAG, run_subject(ONE), "who", "a")
    three.events.add(TAG, run_subject(ONE), "who", None)
    assert three.events.tags([ONE]) == {}


def test_an_alias_finds_its_run_and_moves_on(three: Ledger) -> None:
    three.events.add(ALIAS, RUNS, "best", ONE)
    assert three.find("best") == ONE
    three.events.add(ALIAS, RUNS, "best", TWO)
    assert three.find("best") == TWO


def test_a_tag_finds_the_one_run_that_carries_it(three: Ledger) -> None:
    three.events.add(TAG, run_subject(TWO), "for", "paper")
    assert three.find("for=paper") == three.find("for") == TWO


def test_a_tag_that_several_runs_carry_is_an_error_that_lists_them(three: Ledger) -> None:
    for run in (ONE, THREE):
        three.events.add(TAG, run_subject(run), "for", "paper")
    with pytest.raises(LedgerError) as caught:
        three.find("for=paper")
    assert caught.value.message == f"tag 'for=paper' is carried by several runs: {THREE}, {ONE}"


def test_a_deleted_run_is_hidden_and_last_means_the_one_before(three: Ledger) -> None:
    three.events.delete([THREE])
    assert [run.id for run in three.runs()] == [TWO, ONE]
    assert three.find("last") == TWO
    with pytest.raises(LedgerError) as caught:
        three.run(THREE)
    assert caught.value.message.startswith("run '01ac-3' was deleted by ")
    assert caught.value.hint == "mlo runs delete --undo 01ac-3 brings it back"
    three.events.undelete([three.find_deleted("01ac")])
    assert three.find("last") == THREE


@pytest.mark.parametrize("named", ["alias", "pin", "version"])
def test_what_is_named_cannot_be_deleted_and_neither_can_what_was_named_with_it(
    three: Ledger, named: str
) -> None:
    add_output(three, TWO, "model", "f" * 40)
    kept = {
        "alias": (ALIAS, RUNS, "best", TWO),
        "pin": (PIN, run_subject(TWO), "", "pinned"),
        "version": (ALIAS, version_subject("model"), "live", "f" * 40),
    }
    said = {"alias": "alias 'best'", "pin": "a pin", "version": "alias 'live' of its 'model'"}
    three.events.add(*kept[named])
    with pytest.raises(LedgerError) as caught:
        three.events.delete([ONE, TWO])
    assert caught.value.message == f"run {TWO!r} cannot be deleted: it is kept by {said[named]}"
    assert len(three.runs()) == 3


def test_two_logs_merge_by_adding_what_is_missing(
    three: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from mlflow_tmpl.ledger import Ledger

    other = Ledger(tmp_path_factory.mktemp("other"))
    add_run(other, ONE)
    three.events.add(TAG, run_subject(ONE), "here", "1")
    other.events.add(TAG, run_subject(ONE), "there", "2")
    other.events.delete([ONE])
    rows = other._database.query("SELECT * FROM event")
    three._database.write([("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows * 2)])
    assert three.events.tags() == {ONE: {"here": "1", "there": "2"}}
    assert ONE not in [run.id for run in three.runs()]
    other.close()


@pytest.mark.parametrize("text", ["who", "=x", "a b=c", ""])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="is no tag"):
        check_tag(text)


@pytest.mark.parametrize("name", ["last", "now", "01ab", "cafe", "a b", "a:b", "last~2", ""])
def test_a_name_that_could_mean_something_else_is_refused(name: str) -> None:
    with pytest.raises(LedgerError, match="is no name for a run or a version"):
        check_alias(name)


def test_a_name_near_to_an_alias_is_suggested(three: Ledger) -> None:
    three.events.add(ALIAS, RUNS, "production", ONE)
    with pytest.raises(LedgerError) as caught:
        three.find("producton")
    assert (caught.value.message, caught.value.hint) == (
        "there is no run 'producton'",
        "did you mean 'production'?",
    )
