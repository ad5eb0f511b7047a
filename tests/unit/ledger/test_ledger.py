"""Runs as they are recorded and found again."""

from __future__ import annotations

import math
import os
import platform
import sqlite3
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.ledger import Ledger
    from tests.conftest import MadeProject

RUN = "INSERT INTO run VALUES (" + ", ".join("?" * 21) + ", NULL, NULL)"


def add_run(ledger: Ledger, run: str, *, status: str = "done", host: str = "", pid: int = 1) -> None:
    """Add a run as another process would."""
    asked = ("[]", "", "", None, None, "manual", None, None, None)
    row = (run, "d", "p", "e", *asked, "inline", "me", host or platform.node(), pid, "", 1.0, None, status)
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("INSERT OR IGNORE INTO parameter VALUES ('p', '{}')")
        connection.execute(RUN, row)


def rows(project: Any, table: str) -> list[Any]:
    with sqlite3.connect(project.ledger.path) as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall())


@pytest.fixture
def three(ledger: Ledger) -> Ledger:
    for run in ("01aa-1", "01ab-2", "01ac-3"):
        add_run(ledger, run)
    return ledger


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("01ac-3", "01ac-3"),
        ("01ab", "01ab-2"),
        ("01AB", "01ab-2"),
        ("last", "01ac-3"),
        ("last~0", "01ac-3"),
        ("last~2", "01aa-1"),
    ],
)
def test_a_run_is_found_by_prefix_and_by_place(three: Ledger, reference: str, found: str) -> None:
    assert three.run(reference).id == found


@pytest.mark.parametrize(
    "reference", ["zz", "last~3", "last~x", "last~", "last~99999999999999999999", "01ac-34"]
)
def test_a_run_that_is_not_there_is_told(three: Ledger, reference: str) -> None:
    with pytest.raises(LedgerError) as caught:
        three.run(reference)
    assert caught.value.message == f"there is no run {reference!r}"
    assert caught.value.hint == "mlo runs list shows what there is"


def test_the_last_run_is_the_newest_that_was_made_here(three: Ledger) -> None:
    three._database.write([("INSERT INTO pulled VALUES (?)", [("01ac-3",), ("01aa-1",)])])
    assert three.run("last").id == "01ab-2"
    assert three.run("01ac").id == "01ac-3"
    with pytest.raises(LedgerError) as caught:
        three.run("last~1")
    assert caught.value.message == "there is no run 'last~1' that was made here"
    assert caught.value.hint.startswith("mlo runs list shows those that were pulled as well")


def test_a_prefix_of_several_runs_lists_them(three: Ledger) -> None:
    with pytest.raises(LedgerError) as caught:
        three.run("01a")
    assert caught.value.message == "'01a' is the beginning of several runs: 01ac-3, 01ab-2, 01aa-1"
    assert caught.value.hint == "give more of the id"


def test_runs_come_newest_first_and_no_more_than_asked_for(three: Ledger) -> None:
    assert [run.id for run in three.runs()] == ["01ac-3", "01ab-2", "01aa-1"]
    assert [run.id for run in three.runs(2)] == ["01ac-3", "01ab-2"]


def dead_pid() -> int:
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", ""])
    os.waitpid(pid, 0)
    return pid


def test_a_run_whose_process_is_gone_is_lost_as_soon_as_anyone_looks(ledger: Ledger) -> None:
    add_run(ledger, "01aa", status="running", pid=dead_pid())
    add_run(ledger, "01ab", status="running", pid=os.getpid())
    add_run(ledger, "01ac", status="running", pid=dead_pid(), host="elsewhere")
    found = {run.id: run.status for run in ledger.runs()}
    assert found == {"01aa": "lost", "01ab": "running", "01ac": "running"}


def test_a_run_is_recorded_with_all_that_tells_it_from_others(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run(params={"amount": 5}, to_nodes="add", command="mlo run -p")
    record = project.ledger.run("last")
    assert record.status == "done"
    assert record.selection == "--to-nodes=add"
    assert record.pipelines == ("__default__",)
    assert record.command == "mlo run -p"
    assert record.parameters == {"amount": {"value": 5, "where": "params"}}
    assert [(node.name, node.status, node.action) for node in record.nodes] == [
        ("double", "done", "run"),
        ("add", "done", "run"),
    ]
    assert record.nodes[0].reasons[0]["text"] == "never run before"
    assert record.counts == {"done": 2}
    assert record.duration_s is not None


def test_what_was_recorded_is_never_rewritten_by_later_runs(two_steps: MadeProject) -> None:
    project = two_steps.open()
    tables = ["run", "node_run", "result", "result_io", "version", "code", "parameter", "definition"]
    project.run()
    before = {table: rows(project, table) for table in tables}
    project.run()
    project.run(params={"amount": 7})
    (two_steps.root / "data" / "number.txt").write_text("odd")
    with pytest.raises(NodeFailure):
        project.run()
    for table in tables:
        assert set(before[table]) <= set(rows(project, table)), table


def test_the_same_content_is_one_version(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    before = rows(project, "version")
    project.run(force=["double", "add"])
    assert rows(project, "version") == before
    assert {(row[0], row[5]) for row in before} == {("number", 2), ("doubled", 2), ("result", 2)}


def test_a_reused_node_points_at_the_result_that_stands(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    project.run()
    results = {row[0] for row in rows(project, "result")}
    assert len(results) == 2
    assert {(row[1], row[5], row[6] in results) for row in rows(project, "node_run")} == {
        ("double", "done", True),
        ("double", "reused", True),
        ("add", "done", True),
        ("add", "reused", True),
    }


def test_a_failure_is_kept_with_the_users_frames(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node
            def fail() -> None:
                raise ValueError("odd: \\udce9")
            """
    ).open()
    with pytest.raises(NodeFailure):
        project.run()
    record = project.ledger.run("last")
    (node,) = record.nodes
    assert (record.status, node.status) == ("failed", "failed")
    assert node.error is not None
    assert node.error["message"].startswith("node 'fail' failed: ValueError: odd: ")
    assert "in fail" in node.error["traceback"]
    assert node.duration_s is not None
    assert node.duration_s > 0


def test_the_last_run_of_a_node_that_was_reused_has_the_times_of_when_it_was_called(
    two_steps: MadeProject,
) -> None:
    project = two_steps.open()
    assert project.last_runs() == {}
    assert not project.has_ledger
    project.run()
    first = project.last_runs()
    assert {name: node.status for name, node in first.items()} == {"double": "done", "add": "done"}
    project.run(params={"amount": 3})
    last = project.last_runs()
    assert {name: node.status for name, node in last.items()} == {"double": "reused", "add": "done"}
    assert last["double"].duration_s == first["double"].duration_s is not None
    assert last["double"].ended_at == first["double"].ended_at
    assert last["add"].reasons[0]["kind"] == "parameter"


def test_the_last_calls_of_a_node_are_told_with_what_the_latest_printed(
    make_project: Callable[..., MadeProject],
) -> None:
    nodes = """
        @node(outputs="first")
        def speak(*, amount: int) -> str:
            print("amount", amount)
            if amount == 2:
                raise ValueError("two")
            return "said"
        """
    project = make_project(nodes, "first: data/first.txt\n", "amount: 0\n").open()
    for amount in (1, 2, 2, 3):
        with suppress(NodeFailure):
            project.run(params={"amount": amount})
    project.run(params={"amount": 3})
    calls = project.ledger.calls(["speak", "never"])
    assert [call.status for call in calls.pop("speak")] == ["done", "failed", "failed", "done"]
    assert not calls
    assert project.ledger.logs(["speak", "never"]) == {"speak": "amount 3\n"}
    for amount in range(4, 30):
        project.run(params={"amount": amount})
    assert [call.run for call in project.ledger.calls(["speak"])["speak"]] == [
        run.id for run in reversed(project.runs(20))
    ]


def test_records_are_plain_data(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run(params={"amount": 3})
    told = project.ledger.run("last").to_json()
    assert set(told) == {
        *(
            "id",
            "status",
            "pipelines",
            "selection",
            "environment",
            "engine",
            "engine_reason",
            "actor",
            "host",
            "command",
        ),
        *("git_commit", "cause", "parent", "tags", "aliases"),
        *("started_at", "duration_s", "counts", "parameters", "nodes"),
    }
    assert math.isfinite(told["started_at"])


def test_the_latest_results_of_many_nodes_are_those_of_each(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    project.run(params={"amount": 3})
    names = ["double", "add", "unknown", *(f"n{number}" for number in range(1200))]
    at_once, each = project.ledger.past(), project.ledger.past()
    at_once.expect(names)
    assert at_once._latest == {name: each.latest(name) for name in names}
    assert at_once.latest("add") is not None
    assert list(project.ledger.last_runs(["unknown", "add", "double"])) == ["add", "double"]
