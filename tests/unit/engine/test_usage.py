"""Processor time and memory of nodes, from the system's counters."""

from __future__ import annotations

import sys
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.usage import Meter, Reading, Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import MadeProject

MB = 1 << 20
linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's counter cannot begin anew")


def hold(megabytes: int) -> None:
    held = bytearray(b"x") * (megabytes * MB)
    assert len(held) == megabytes * MB


@linux
def test_a_peak_is_told_also_below_an_earlier_one() -> None:
    meter = Meter()
    usages = []
    for megabytes in (200, 20):
        reading = meter.begin()
        hold(megabytes)
        usages.append(meter.end(reading))
    large, small = usages
    assert large.peak_bytes is not None
    assert small.peak_bytes is not None
    assert 150 * MB < large.peak_bytes - small.peak_bytes < 220 * MB


def test_processor_time_counts_and_waiting_does_not() -> None:
    meter = Meter()
    reading = meter.begin()
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    busy = meter.end(reading)
    reading = meter.begin()
    time.sleep(0.05)
    idle = meter.end(reading)
    assert busy.cpu_s is not None
    assert idle.cpu_s is not None
    assert busy.cpu_s >= 0.1 > idle.cpu_s


def test_of_nodes_that_run_at_once_only_the_time_of_their_threads_is_told() -> None:
    meter, begun, go = Meter(), Event(), Event()
    found: list[Usage] = []

    def other() -> None:
        reading = meter.begin()
        begun.set()
        go.wait()
        found.append(meter.end(reading))

    first = meter.begin()
    thread = Thread(target=other)
    thread.start()
    begun.wait()
    found.append(meter.end(first))
    go.set()
    thread.join()
    assert [usage.peak_bytes for usage in found] == [None, None]
    assert all(usage.cpu_s is not None for usage in found)
    assert meter.begin().alone


def test_where_the_counter_cannot_begin_anew_only_a_new_peak_is_told() -> None:
    meter = Meter()
    meter.end(meter.begin())
    before = Reading(alone=True, before=1 << 60)
    assert meter.end(before).peak_bytes is None
    assert meter.end(Reading(alone=True, before=1)).peak_bytes is not None


@linux
def test_the_peak_of_a_node_is_recorded_and_shown(make_project: Callable[..., MadeProject]) -> None:
    made = make_project(
        """
        @node(outputs="small")
        def little() -> str:
            return "1"

        @node(outputs="large")
        def much(small: str) -> str:
            held = bytearray(b"x") * (300 << 20)
            return str(len(held))
        """,
        catalog="small: data/small.txt\nlarge: data/large.txt\n",
    )
    project = made.open()
    project.run()
    nodes = {node.name: node for node in project.ledger.run("last").nodes}
    grown = (nodes["much"].peak_bytes or 0) - (nodes["little"].peak_bytes or 0)
    assert 280 * MB < grown < 330 * MB
    assert nodes["little"].cpu_s is not None
    shown = made.mlo("runs", "show", "last").stdout
    assert "peak " in shown
    told = {node["name"]: node for node in made.json("runs", "show")["nodes"]}
    assert told["much"]["peak_bytes"] == nodes["much"].peak_bytes
    project.run()
    assert project.ledger.run("last").nodes[0].peak_bytes is None


@linux
def test_workers_tell_the_peak_of_their_own_process(make_project: Callable[..., MadeProject]) -> None:
    pytest.importorskip("loky")
    made = make_project(
        """
        @node(outputs="large")
        def much() -> str:
            held = bytearray(b"x") * (300 << 20)
            return str(len(held))
        """,
        catalog="large: data/large.txt\n",
    )
    made.mlo("run", "--engine", "processes")
    (node,) = made.json("runs", "show")["nodes"]
    assert 300 * MB < node["peak_bytes"] < 500 * MB


@linux
def test_a_node_that_fails_has_its_peak_too(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        """
        @node(outputs="none")
        def fails() -> str:
            raise ValueError("no")
        """,
        catalog="none: data/none.txt\n",
    ).open()
    with pytest.raises(NodeFailure):
        project.run()
    assert project.ledger.run("last").nodes[0].peak_bytes


def test_a_run_that_nobody_records_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow_tmpl import Node, run
    from mlflow_tmpl.engine import task

    monkeypatch.setattr(task, "METER", None)
    assert run(Node(lambda: 1, None, "one", name="one"))["one"] == 1
