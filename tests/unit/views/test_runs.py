"""Past runs as lines: a table, a leaderboard, one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.ledger.records import RunRecord
from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.runs import leaderboard, run_lines, runs_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

WIDE = Paper(200)


def made(run: str, metrics: dict[str, float], **more: object) -> RunRecord:
    known = {
        "id": run,
        "status": "done",
        "pipelines": ("__default__",),
        **dict.fromkeys(("selection", "environment", "command"), ""),
        "engine": "inline",
        "engine_reason": "",
        "actor": "ada",
        "host": "here",
        "git_commit": None,
        "cause": "manual",
        "parent": None,
        "started_at": 1e9,
        "duration_s": 1.0,
        "counts": {},
        "parameters": {},
        "metrics": metrics,
    }
    return RunRecord(**{**known, **more})  # type: ignore[arg-type]


def test_a_leaderboard_has_a_column_a_metric_the_one_it_is_sorted_by_first() -> None:
    runs = [made("01aa", {"loss": 0.5, "accuracy": 0.75}), made("01ab", {"loss": 0.125})]
    head, first, second = leaderboard(runs, WIDE, "accuracy")
    assert head.split() == ["run", "when", "accuracy", "loss"]
    assert first.split()[-2:] == ["0.75", "0.5"]
    assert second.split()[-1] == "0.125"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_metrics_that_do_not_fit_are_named_below(width: int) -> None:
    runs = [made("01aa", {f"metric_number_{at}": at / 7 for at in range(12)})]
    *table, last = leaderboard(runs, Paper(width))
    assert all(columns(line) <= width for line in [*table, last])
    assert last.startswith("  without metric_number_")


def test_runs_without_metrics_say_how_to_get_some() -> None:
    assert list(leaderboard([made("01aa", {})], WIDE)) == [
        "no run has metrics: give a dataset 'role: metrics' in the catalog"
    ]


def test_tags_and_aliases_stand_in_the_table_and_with_the_run() -> None:
    run = made("01aa", {}, tags={"who": "ada", "odd": ""}, aliases=("best",), cause="rerun", parent="01ab")
    assert list(runs_table([run], WIDE))[1].endswith("best who=ada odd")
    lines = list(run_lines(run, WIDE))
    assert "  named        best who=ada odd" in lines
    assert "  what         all (rerun of 01ab)" in lines


def test_a_list_that_was_narrowed_to_nothing_says_so() -> None:
    assert list(runs_table([], WIDE, narrowed=True)) == ["no run is like that"]


def test_past_runs_are_a_table(two_steps: MadeProject) -> None:
    project = two_steps.open()
    assert list(runs_table([], WIDE)) == ["no runs yet: mlo run makes the first one"]
    project.run("flow", to_nodes="double")
    project.run()
    head, newest, oldest = runs_table(project.ledger.runs(), WIDE)
    assert head.split() == ["run", "when", "took", "status", "nodes", "pipelines"]
    assert newest.startswith("● ")
    assert newest.endswith("1 ran, 1 reused  all")
    assert oldest.endswith("flow --to-nodes=double")


def test_one_past_run_says_how_it_was_asked_for_and_what_came_of_it(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run(command="mlo run")
    record = project.ledger.run("last")
    lines = list(run_lines(record, WIDE))
    assert lines[0] == f"● {record.id}  done"
    facts = {line.split()[0] for line in lines[1:] if line.startswith("  ")}
    assert {"when", "what", "engine", "by", "command"} <= facts
    assert lines[-2].startswith("● double ")


def test_one_past_failure_shows_the_error_that_was_recorded(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node
            def fail() -> None:
                raise ValueError("odd")
            """
    ).open()
    with pytest.raises(NodeFailure):
        project.run()
    lines = list(run_lines(project.ledger.run("last"), WIDE))
    assert any(line.startswith("error: ") and line.endswith("ValueError: odd") for line in lines)
