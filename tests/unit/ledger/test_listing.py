"""Lists of runs: narrowed, sorted by a metric, bounded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.errors import LedgerError, UsageError
from mlflow_tmpl.ledger.events import TAG, run_subject
from mlflow_tmpl.ledger.listing import Filter, moment_from

from .adding import add_output, add_run

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger


@pytest.fixture
def four(ledger: Ledger) -> Ledger:
    add_run(ledger, "01aa", status="failed", started_at=10.0)
    add_run(ledger, "01ab", pipelines='["train"]', started_at=20.0)
    add_run(ledger, "01ac", pipelines='["train", "report"]', started_at=30.0)
    add_run(ledger, "01ad", started_at=40.0)
    add_output(ledger, "01ab", "metrics", "a" * 40, accuracy=0.5, loss=3.0)
    add_output(ledger, "01ac", "metrics", "b" * 40, accuracy=0.75)
    add_output(ledger, "01ad", "metrics", "b" * 40, status="reused", accuracy=0.75)
    return ledger


def ids(ledger: Ledger, **which: object) -> list[str]:
    return [run.id for run in ledger.runs(None, Filter(**which))]  # type: ignore[arg-type]


def test_runs_are_narrowed_by_status_pipeline_tag_and_time(four: Ledger) -> None:
    four.events.add(TAG, run_subject("01ab"), "who", "ada")
    assert ids(four, status=("failed",)) == ["01aa"]
    assert ids(four, pipelines=("train",)) == ["01ac", "01ab"]
    assert ids(four, pipelines=("train", "report"), tags=("who=ada",)) == ["01ab"]
    assert ids(four, tags=("who",)) == ["01ab"]
    assert ids(four, tags=("who=bob",)) == []
    assert ids(four, since=30.0) == ["01ad", "01ac"]


def test_a_status_that_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        Filter(status=("faild",))
    assert str(caught.value) == "there is no status 'faild' (did you mean 'failed'?)"


def test_a_run_that_reused_the_node_has_its_metrics(four: Ledger) -> None:
    assert {run.id: run.metrics for run in four.runs(metrics=True)} == {
        "01ad": {"accuracy": 0.75},
        "01ac": {"accuracy": 0.75},
        "01ab": {"accuracy": 0.5, "loss": 3.0},
        "01aa": {},
    }


def test_a_leaderboard_has_the_largest_first_and_leaves_out_who_has_none(four: Ledger) -> None:
    def ranked(name: str, **how: bool) -> list[str]:
        return [run.id for run in four.runs(sort=name, **how)]  # type: ignore[arg-type]

    assert ranked("accuracy") == ["01ad", "01ac", "01ab"]
    assert ranked("accuracy", ascending=True) == ["01ab", "01ac", "01ad"]
    assert ranked("metrics:loss") == ["01ab"]
    assert [run.id for run in four.runs(1, Filter(pipelines=("train",)), sort="accuracy")] == ["01ac"]


def test_a_metric_that_no_run_has_is_told_with_the_nearest(four: Ledger) -> None:
    with pytest.raises(LedgerError) as caught:
        four.runs(sort="acuracy")
    assert str(caught.value) == "no run has a metric 'acuracy' (did you mean 'accuracy'?)"


def test_metrics_of_one_name_in_two_datasets_are_told_apart(four: Ledger) -> None:
    add_output(four, "01ac", "other", "c" * 40, node="other", accuracy=0.25)
    assert four.run("01ac").metrics == {"metrics:accuracy": 0.75, "other:accuracy": 0.25}


def test_the_last_step_of_a_series_stands_for_it(four: Ledger) -> None:
    rows = [("metrics", "a" * 40, "curve", "test", step, float(-step)) for step in range(5)]
    four._database.write([("INSERT INTO metric VALUES (?, ?, ?, ?, ?, ?)", rows)])
    assert four.run("01ab").metrics["test.curve"] == -4.0
    assert [run.id for run in four.runs(sort="test.curve")] == ["01ab"]


def test_more_runs_than_one_statement_takes_are_listed(ledger: Ledger) -> None:
    for at in range(950):
        add_run(ledger, f"01-{at:04}")
    add_output(ledger, "01-0000", "metrics", "a" * 40, accuracy=0.5)
    runs = ledger.runs(metrics=True)
    assert len(runs) == 950
    assert runs[-1].metrics == {"accuracy": 0.5}


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("1.5h", 5400), ("2d", 172800), ("1w", 604800)]
)
def test_a_time_may_be_so_long_ago(text: str, seconds: int) -> None:
    assert moment_from(text) == pytest.approx(time.time() - seconds, abs=5)


def test_a_time_may_be_a_date_and_nothing_else() -> None:
    assert moment_from("2026-01-31 12:30") - moment_from("2026-01-31") == 12.5 * 3600
    with pytest.raises(UsageError, match="'yesterday' is no time"):
        moment_from("yesterday")
