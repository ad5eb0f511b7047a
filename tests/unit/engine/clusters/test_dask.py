from __future__ import annotations

import os
import signal
import time
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("distributed")

from mlflow_tmpl import Catalog, Node, run
from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.clusters.dask import DaskExecutor, DaskHandle
from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.engine.task import Task
from mlflow_tmpl.errors import EngineError, MloError, UsageError
from mlflow_tmpl.pipeline import NodeOptions
from tests.clusters import dask_cluster, wait_until
from tests.unit.engine.clusters import nodes
from tests.unit.engine.clusters.flows import FLOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clusters import DaskCluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as made:
        yield made


@pytest.fixture(scope="module")
def address(cluster: DaskCluster) -> str:
    return cluster.address


@pytest.mark.parametrize("count", [10, 100_000])
def test_a_run_gives_what_it_gives_inline(address: str, count: int) -> None:
    given = {"params:count": count}
    assert run(FLOW, given, engine="dask", address=address)["end"] == run(FLOW, given)["end"]


def test_values_of_the_driver_and_for_it_are_passed_on(address: str) -> None:
    frame = nodes.rows(100_000)
    flow = [Node(nodes.total, {"left": "x"}, "a"), Node(nodes.spoil, {"left": "x"}, "b")]
    result = run(flow, {"x": frame}, engine="dask", address=address)
    assert (result["a"], result["b"]) == (nodes.total(frame), -100_000)


def test_engines_work_together(address: str) -> None:
    here = NodeOptions(engine="inline")
    flow = [
        Node(nodes.rows, "params:count", "frame", options=here),
        Node(nodes.halves, "frame", ["left", "right"]),
        Node(nodes.total, "left", "sum", options=here),
        Node(nodes.process, {"x": "sum"}, "pid"),
    ]
    result = run(flow, {"params:count": 6}, engine="dask", address=address)
    assert result["right"].tolist() == [1, 3, 5]
    assert result["pid"] != os.getpid()


def test_what_a_node_makes_stays_on_the_cluster(address: str) -> None:
    executor = DaskExecutor(Surroundings("", Catalog(), (), address=address))
    try:
        node = Node(nodes.halves, "frame", ["left", "right"])
        outcome = executor.submit(Task(node, Catalog(), {"frame": nodes.rows(4)}, keeps=node.outputs)).result(
            30
        )
        left = outcome.values["left"]
        assert isinstance(left, DaskHandle)
        assert left.get().equals(nodes.rows(4).iloc[::2])
        left.release()
        left.release()
    finally:
        executor.close(cancel=False)


def test_what_a_node_says_is_said_here(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    run(Node(nodes.speak, "x", "y"), {"x": 5}, engine="dask", address=address)
    out, err = capfd.readouterr()
    assert out == "out 5\n"
    assert "err\n" in err
    assert "logged" in err


def test_a_failure_is_told_as_inline(address: str) -> None:
    with pytest.raises(NodeFailure) as there:
        run(Node(nodes.fail, "x", "y"), {"x": 5}, engine="dask", address=address)
    with pytest.raises(NodeFailure) as here:
        run(Node(nodes.fail, "x", "y"), {"x": 5})
    assert there.value.message == here.value.message == "node 'fail' failed: ValueError: no 5"
    assert there.value.frames == here.value.frames
    assert isinstance(there.value.__cause__, ValueError)


def test_a_value_that_cannot_travel_fails_its_maker(address: str) -> None:
    with pytest.raises(NodeFailure, match="its output 'y' of type lock cannot leave the worker"):
        run(Node(nodes.lock, "x", "y"), {"x": 5}, engine="dask", address=address)


def test_a_failed_node_is_called_again_with_what_it_was_given(address: str, tmp_path: Path) -> None:
    def once(frame: Any, flag: str) -> int:
        from pathlib import Path

        found = int(frame["n"].sum())
        frame["n"] = 0
        if not Path(flag).exists():
            Path(flag).touch()
            raise ConnectionError
        return found

    again = NodeOptions(retries={"count": 1, "delay_s": 0})
    flow = [
        Node(nodes.rows, "params:count", "frame"),
        Node(once, ["frame", "params:flag"], "sum", options=again),
    ]
    given = {"params:count": 4, "params:flag": str(tmp_path / "flag")}
    assert run(flow, given, engine="dask", address=address)["sum"] == 6


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow_tmpl.engine.clusters.dask_cluster._CONNECT_S", 0.5)
    with pytest.raises(EngineError, match="no Dask scheduler answers at") as refused:
        run(
            Node(nodes.wait, ["x", "params:s"], "y"),
            {"x": 1, "params:s": 0},
            engine="dask",
            address="tcp://127.0.0.1:1",
        )
    assert refused.value.hint == "it is started with: dask scheduler"


def test_an_address_without_a_cluster_engine_is_refused() -> None:
    with pytest.raises(UsageError, match="no node runs on a cluster") as refused:
        run(Node(nodes.speak, "x", "y"), {"x": 1}, engine="threads", address="tcp://127.0.0.1:1")
    assert "--engine dask" in refused.value.hint


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow_tmpl.engine.engines.find_spec", lambda _: None)
    with pytest.raises(MloError, match="engine 'dask' needs the package 'distributed'") as refused:
        run(Node(nodes.speak, "x", "y"), {"x": 1}, engine="dask")
    assert refused.value.hint == "pip install 'mlflow-tmpl[dask]'"


def test_a_worker_that_dies_is_survived_and_said(
    cluster: DaskCluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    extra = cluster.start_worker()
    cluster.wait_for_workers(3)
    flow = [
        Node(nodes.rows, "params:count", "frame"),
        Node(nodes.total, {"left": "frame"}, "x"),
        Node(nodes.die_once, ["x", "params:flag"], "y"),
        Node(nodes.total, {"left": "frame"}, "z", name="later"),
    ]
    given = {"params:count": 4, "params:flag": str(tmp_path / "flag")}
    result = run(flow, given, engine="dask", address=cluster.address)
    assert (result["y"], result["z"]) == (11, 10)
    assert "was lost: the node ran again" in capfd.readouterr().err
    assert sum(worker.poll() is not None for worker in cluster.workers) == 1
    assert extra in cluster.workers


def test_of_four_workers_one_is_stopped_and_one_killed_and_the_run_ends_right(tmp_path: Path) -> None:
    lanes = 4
    flow = [
        Node(
            nodes.slow_increment,
            "x" if step == 0 else f"v{lane}.{step - 1}",
            f"v{lane}.{step}",
            name=f"n{lane}.{step}",
        )
        for lane in range(lanes)
        for step in range(3)
    ]
    flow.append(Node(nodes.gather, {f"a{lane}": f"v{lane}.2" for lane in range(lanes)}, "sum"))
    with dask_cluster(tmp_path, 4) as four:
        victims = iter(four.workers)
        began = time.monotonic()

        def hurt(number: int) -> None:
            os.kill(next(victims).pid, number)

        timers = [Timer(0.4, hurt, (signal.SIGSTOP,)), Timer(0.6, hurt, (signal.SIGKILL,))]
        for timer in timers:
            timer.start()
        assert run(flow, {"x": 1}, engine="dask", address=four.address)["sum"] == 4 * lanes
        assert time.monotonic() - began > 0.6
        wait_until(lambda: four.workers[1].poll() is not None)
