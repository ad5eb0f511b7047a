"""Map nodes whose input went with the worker that had made it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from mlflow_tmpl import Node, NodeOptions, Pipeline, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def make(log: str) -> dict[str, int]:
    with open(f"{log}/made", "a") as file:
        file.write(f"{os.getpid()} ")
    return {"a": 1, "b": 2}


def kill_the_maker(log: str) -> int:
    """End the process that made the dict, unless that was done before."""
    made = Path(log, "made")
    while not made.exists() or not made.read_text():
        time.sleep(0.01)
    maker, killed = int(made.read_text().split()[0]), Path(log, "killed")
    if not killed.exists() and maker != os.getpid():
        killed.touch()
        time.sleep(0.2)
        os.kill(maker, signal.SIGKILL)
    return 0


def double(x: int) -> int:
    return 2 * x


def add(ys: dict[str, int], after: int) -> int:
    return sum(ys.values()) + after


def test_a_map_ends_right_whenever_the_worker_that_had_its_input_is_killed(tmp_path: Path) -> None:
    again = NodeOptions(retries={"count": 3, "delay_s": 0})
    pipeline = Pipeline(
        [
            Node(make, "log", "xs", options=again),
            Node(kill_the_maker, "log", "after", options=again),
            Node(double, {"x": "xs"}, "ys", over="x", options=again),
            Node(add, ["ys", "after"], "sum", options=again),
        ]
    )
    result = run(pipeline, {"log": str(tmp_path)}, engine="processes", jobs=2)
    assert result["sum"] == 6
    assert {node.status for node in result.nodes} == {"done"}
