"""When each node ran, as bars and as a trace."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.ledger.records import NodeRecord, RunRecord
from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.timeline import bars_of, timeline_lines, trace

if TYPE_CHECKING:
    from tests.conftest import MadeProject

BEGAN = 1e9


def ran(name: str, start_s: float, end_s: float, status: str = "done", **more: Any) -> NodeRecord:
    given = {"engine": "threads", "error": None, **more}
    return NodeRecord(name, "run", status, (), end_s - start_s, BEGAN + end_s, **given)


def run_of(*nodes: NodeRecord, duration_s: float = 10.0, status: str = "done") -> RunRecord:
    texts = dict.fromkeys(("selection", "environment", "command", "actor", "host", "engine_reason"), "")
    rest = {"git_commit": None, "cause": "manual", "parent": None, "counts": {}, "parameters": {}}
    about = {"pipelines": ("__default__",), "engine": "threads", "started_at": BEGAN, "nodes": nodes}
    return RunRecord(id="01aa-run", status=status, duration_s=duration_s, **texts, **rest, **about)


REUSED = NodeRecord("old", "reuse", "reused", (), 0.0, BEGAN + 0.1, None)
WIDE = run_of(ran("load", 0, 5), ran("left", 5, 10), ran("right", 5, 9), REUSED)
WIRING = {
    "load": {"inputs": {"raw": "raw"}, "outputs": ["table"]},
    "left": {"inputs": {"table": "table", "again": "table"}, "outputs": ["a"]},
    "right": {"inputs": {"table": "table", "at": "params:at"}, "outputs": ["b"]},
}


def test_what_ran_at_the_same_time_lies_in_different_lanes_and_lanes_are_used_again() -> None:
    assert [(bar.node.name, bar.lane) for bar in bars_of(WIDE)] == [("load", 0), ("left", 0), ("right", 1)]


def test_bars_stand_where_nodes_ran() -> None:
    _, scale, *bars, summary = timeline_lines(WIDE, Paper(38, ascii_only=True))
    assert scale == " " * 18 + "0" + " " * 13 + "10.0 s"
    assert bars == [
        "* load     5.0 s  ##########",
        "* left     5.0 s            ##########",
        "* right    4.0 s            ########",
    ]
    assert summary == "  took 10.0 s: nodes ran 14.0 s; 1.4 at a time; 1 reused"


@pytest.mark.parametrize("width", [30, 80, 200])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_line_fits_whatever_the_names_and_times(width: int, ascii_only: bool) -> None:
    nodes = [ran("名" * 30, 0, 1e-7), ran("x" * 60, 9.99999, 12.5, "failed"), ran("y", 12.4, 12.5)]
    lines = list(timeline_lines(run_of(*nodes), Paper(width, ascii_only=ascii_only)))
    assert all(columns(line) <= width for line in lines[1:-1])
    assert all(line.count("#" if ascii_only else "█") >= 1 for line in lines[2:-1])


def test_time_in_which_nothing_ran_is_told() -> None:
    (*_, summary) = timeline_lines(run_of(ran("late", 6, 10)), Paper(80))
    assert summary == "  took 10.0 s: nodes ran 4.0 s, for 6.0 s nothing ran"


def test_the_items_of_a_map_node_count_and_not_the_node_that_waits_for_them() -> None:
    run = run_of(ran("each", 0, 10), ran("each[a]", 1, 5), ran("each[b]", 5, 9))
    (*_, summary) = timeline_lines(run, Paper(80))
    assert summary == "  took 10.0 s: nodes ran 8.0 s, for 2.0 s nothing ran"


def test_a_run_that_ran_nothing_says_so() -> None:
    assert list(timeline_lines(run_of(REUSED), Paper(80)))[1:] == ["  nothing ran; 1 reused"]


def test_each_attempt_has_a_bar() -> None:
    first = ran("shaky", 0, 1, "retried", attempt=1)
    run = run_of(ran("shaky", 2, 3, attempt=2, retried=(first,)))
    assert [(bar.node.status, bar.start_s) for bar in bars_of(run)] == [("retried", 0), ("done", 2)]
    slices = [each for each in trace(run, {})["traceEvents"] if each.get("cat") == "node"]
    assert [each["args"]["attempt"] for each in slices] == [1, 2]


def test_a_trace_has_the_fields_that_its_format_asks_for() -> None:
    document = json.loads(json.dumps(trace(WIDE, WIRING)))
    for event in document["traceEvents"]:
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert event["name"]
        assert event["ph"] in "MXsf"
        if event["ph"] == "X":
            assert event["ts"] >= 0
            assert event["dur"] >= 0
        if event["ph"] == "M":
            assert event["name"] in {"process_name", "thread_name"}
            assert set(event["args"]) == {"name"}
    nodes = {each["name"]: each for each in document["traceEvents"] if each.get("cat") == "node"}
    assert (nodes["left"]["ts"], nodes["left"]["dur"]) == (5_000_000, 5_000_000)
    assert {(each["pid"], each["tid"]) for each in nodes.values()} == {(2, 0), (2, 1)}


def test_slices_of_a_thread_do_not_overlap() -> None:
    nodes = [ran(f"n{at}", at * 0.1, at * 0.1 + 0.35) for at in range(40)]
    slices = [each for each in trace(run_of(*nodes), {})["traceEvents"] if each.get("cat") == "node"]
    for lane in {each["tid"] for each in slices}:
        mine = sorted((each["ts"], each["ts"] + each["dur"]) for each in slices if each["tid"] == lane)
        assert all(before[1] <= after[0] for before, after in pairwise(mine))


def test_a_dataset_is_an_arrow_that_begins_and_ends_within_slices() -> None:
    events = trace(WIDE, WIRING)["traceEvents"]
    starts = [each for each in events if each["ph"] == "s"]
    ends = {each["id"]: each for each in events if each["ph"] == "f"}
    assert [each["name"] for each in starts] == ["table", "table"]
    assert len(ends) == 2
    for start in starts:
        end = ends[start["id"]]
        assert (start["name"], start["cat"]) == (end["name"], end["cat"])
        assert 0 <= start["ts"] < 5_000_000 == end["ts"]
        assert end["bp"] == "e"


def test_engines_are_processes_of_the_trace() -> None:
    document = trace(run_of(ran("a", 0, 1), ran("b", 0, 1, engine="dask")), {})
    names = {
        each["pid"]: each["args"]["name"]
        for each in document["traceEvents"]
        if each["name"] == "process_name"
    }
    assert names == {1: "mlo run __default__", 2: "threads", 3: "dask"}


def test_the_timeline_of_a_recorded_run_is_shown_and_written(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    shown = two_steps.mlo("runs", "show", "last", "--timeline").stdout
    assert "double" in shown
    assert "took" in shown
    written = two_steps.mlo("runs", "show", "--timeline", "-o", "trace.json")
    assert written.stdout == "trace.json\n"
    events = json.loads((two_steps.root / "trace.json").read_text())["traceEvents"]
    assert [each["name"] for each in events if each["ph"] == "s"] == ["doubled"]
    refused = two_steps.mlo("runs", "show", "-o", "trace.json")
    assert refused.returncode == 2
    assert "-o writes a timeline" in refused.stderr
