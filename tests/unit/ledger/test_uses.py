"""What the ledger says of contents: who used them last, and which must stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.ledger.events import ALIAS, PIN, RUNS, run_subject, version_subject
from mlflow_tmpl.store.collecting import UNUSED

from .adding import add_output, add_run

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger

ONE, TWO, THREE = "01aa-1", "01ab-2", "01ac-3"


@pytest.fixture
def three(ledger: Ledger) -> Ledger:
    """Three runs that each made another model."""
    for at, run in enumerate((ONE, TWO, THREE), start=1):
        add_run(ledger, run, started_at=float(at))
        add_output(ledger, run, "model", str(at) * 40)
    return ledger


def test_a_content_was_used_when_its_last_run_began(three: Ledger) -> None:
    add_run(three, "01ad-4", started_at=4.0)
    add_output(three, "01ad-4", "model", "1" * 40, status="reused")
    used = three.uses().used_at
    assert used == {"1" * 40: 4.0, "2" * 40: 2.0, "3" * 40: 3.0}


def test_what_the_newest_run_of_a_node_gave_is_needed(three: Ledger) -> None:
    assert three.uses().needed == {"3" * 40: "an output is it now"}


def test_what_a_colleague_made_later_does_not_take_the_place_of_the_own(three: Ledger) -> None:
    add_run(three, "01ad-4", started_at=4.0)
    three._database.write([("INSERT INTO pulled VALUES (?)", [("01ad-4",)])])
    add_output(three, "01ad-4", "model", "4" * 40)
    assert set(three.uses().needed) == {"3" * 40, "4" * 40}


def test_what_a_pin_or_an_alias_names_is_needed(three: Ledger) -> None:
    three.events.add(PIN, run_subject(ONE))
    three.events.add(ALIAS, version_subject("model"), "champion", "2" * 40)
    assert set(three.uses().needed) == {"1" * 40, "2" * 40, "3" * 40}
    three.events.add(PIN, run_subject(ONE), value=None)
    three.events.add(ALIAS, version_subject("model"), "champion", None)
    three.events.add(ALIAS, RUNS, "best", ONE)
    assert three.uses().needed["1" * 40] == "alias 'best' names its run"
    assert "2" * 40 not in three.uses().needed


def test_a_deleted_run_uses_nothing(three: Ledger) -> None:
    three.events.delete([TWO])
    assert three.uses().used_at["2" * 40] == UNUSED
    add_run(three, "01ad-4", started_at=4.0)
    add_output(three, "01ad-4", "model", "2" * 40, status="reused")
    assert three.uses().used_at["2" * 40] == 4.0, "a run that is still there used it too"


@pytest.mark.parametrize(("runs", "since"), [(0, float("inf")), (1, 3.0), (2, 2.0), (3, 1.0), (9, 0.0)])
def test_the_newest_runs_begin_when_the_oldest_of_them_does(three: Ledger, runs: int, since: float) -> None:
    assert three.cutoff(runs) == since


def test_contents_are_told_by_the_names_of_their_datasets(three: Ledger) -> None:
    assert three.uses().datasets["1" * 40] == "model"
    assert three.places(["1" * 40, "f" * 40]) == {"1" * 40: ("model", "data/model")}
