"""Nodes of one run on several engines: values go from one to the other, or it is said why they cannot."""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import Node, NodeOptions, Pipeline, run
from mlflow_tmpl.engine import NodeFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject


def _lock() -> object:
    return threading.Lock()


def _many(folder: str) -> list[int]:
    """Make a value that stays with its worker, and tell which one that is."""
    Path(folder, f"made {time.monotonic_ns()}").touch()
    Path(folder, "begun").write_text(str(os.getpid()))
    Path(folder, "begun").rename(Path(folder, "pid"))
    return list(range(1_000_000))


def _end_worker(folder: str) -> int:
    """End the worker that has the value, once."""
    until = time.monotonic() + 60
    while not Path(folder, "pid").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    os.kill(int(Path(folder, "pid").read_text()), 9)
    time.sleep(0.3)
    return 1


def _count(values: list[int], more: int) -> int:
    return len(values) + more


HERE = NodeOptions(engine="inline")
AGAIN = NodeOptions(retries={"count": 1, "delay_s": 0})
"""On a busy machine the worker may be ended while it is still making the value."""


def test_a_value_that_cannot_leave_its_worker_fails_the_node_that_needs_it_elsewhere() -> None:
    nodes = [Node(_lock, None, "lock", name="lock"), Node(repr, "lock", "text", name="show", options=HERE)]
    with pytest.raises(
        NodeFailure, match="node 'show' failed: a value cannot leave the worker that made it: TypeErr"
    ):
        run(Pipeline(nodes), engine="processes", jobs=1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="ends a process by a signal")
def test_a_value_that_went_with_its_worker_is_made_again_for_a_taker_elsewhere(tmp_path: Path) -> None:
    folder = str(tmp_path)
    killer = partial(_end_worker, folder)
    nodes = [
        Node(partial(_many, folder), None, "values", name="many", options=AGAIN),
        Node(killer, None, "more", name="killer", options=NodeOptions(engine="threads")),
        Node(_count, ["values", "more"], "count", name="count", options=HERE),
    ]
    assert run(Pipeline(nodes), engine="processes", jobs=1)["count"] == 1_000_001
    assert len(list(tmp_path.glob("made *"))) == 2


TIED = """
    import threading

    @node(outputs=["lock", "number"])
    def begin() -> tuple:
        return threading.Lock(), 1

    @node(outputs="kept", timeout_s=60)
    def apart(number: int) -> int:
        return number

    @node(outputs="left")
    def first(lock) -> str:
        return type(lock).__name__

    @node(outputs="right")
    def second(lock, kept: int) -> int:
        return kept
    """


def test_auto_runs_here_what_its_workers_cannot_do_with(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(nodes=TIED, catalog="lock: {type: memory, copy: never}\n").open()
    result = project.run()
    assert (result.engine, result["left"], result["right"]) == ("processes", "lock", 1)
    assert {node.name: node.engine for node in result.nodes} == {
        "begin": "inline",
        "apart": "processes",
        "first": "inline",
        "second": "inline",
    }
    with pytest.raises(NodeFailure, match="cannot leave"):
        project.run(engine="processes", reuse=False)
