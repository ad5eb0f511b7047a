from __future__ import annotations

import logging
import os
import signal
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars
import polars.testing
import psutil
import pytest

from mlflow_tmpl import Catalog, Node, Pipeline, run
from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.capture import Capture
from mlflow_tmpl.engine.handles import ValueGone
from mlflow_tmpl.engine.processes.executor import ProcessesExecutor, WorkerDied
from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.engine.task import Outcome, Task, ValuesLost
from mlflow_tmpl.pipeline import NodeOptions
from tests.benchmarks.processes import doomed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Perform = Callable[..., Outcome]

ROWS = 100_000
WAIT_S = 60


def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(float(ROWS)), "s": ["x", "y"] * (ROWS // 2)})


def spoil(value: pd.DataFrame) -> pd.DataFrame:
    value.loc[0, "a"] = -1.0
    return value


def pid(value: Any = None) -> int:
    return os.getpid()


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessesExecutor]:
    capture = Capture()
    executor = ProcessesExecutor(Surroundings("r", Catalog(), (), capture=capture, jobs=2))
    with capture.listening():
        yield executor
    executor.close(cancel=False)
    assert not executor._staff.lines


@pytest.fixture
def perform(pool: ProcessesExecutor) -> Perform:
    def call(func: Any, stays: bool = False, spent: bool = False, **values: Any) -> Outcome:
        node = Node(func, outputs="y", name="n")
        task = Task(node, Catalog(), values, keeps=["y"], capture=pool._surroundings.capture)
        task.stays = frozenset({"y"} if stays else ())
        task.spent = frozenset(values if spent else ())
        return pool.submit(task).result(WAIT_S)

    return call


def test_a_small_value_comes_back_by_itself(perform: Perform) -> None:
    held = perform(lambda x: x + 1, x=1).values["y"]
    assert held.place[0] == "bytes"
    assert held.get() == 2


def test_a_node_runs_in_another_process(perform: Perform) -> None:
    assert perform(pid).values["y"].get() != os.getpid()


def test_a_frame_that_several_take_is_mapped_and_none_sees_what_another_does(perform: Perform) -> None:
    held = perform(frame).values["y"]
    assert held.place[0] == "file"
    spoiled = perform(spoil, value=held).values["y"]
    assert spoiled.get().loc[0, "a"] == -1.0
    pd.testing.assert_frame_equal(held.get(), frame())
    mine = held.get()
    mine.loc[0, "a"] = 5.0
    assert held.get().loc[0, "a"] == 0.0
    path = Path(held.place[1])
    held.release()
    assert not path.exists()
    assert mine.loc[1, "a"] == 1.0


def test_what_one_node_takes_stays_in_its_worker_and_the_taker_follows_it(
    perform: Perform, pool: ProcessesExecutor
) -> None:
    held = perform(frame, stays=True).values["y"]
    worker = held.worker
    assert held.stays
    assert perform(pid, value=held, spent=True).values["y"].get() == worker.pid
    assert not worker.has


def test_a_frame_of_polars_is_mapped_too(perform: Perform) -> None:
    held = perform(polars_frame).values["y"]
    assert held.place[0] == "file"
    polars.testing.assert_frame_equal(held.get(), polars_frame())
    assert perform(lambda value: value["s"][1], value=held).values["y"].get() == "y"
    with open(held.place[1], "rb") as file:
        assert b"pyarrow" in file.read()
    held.release()


def polars_frame() -> polars.DataFrame:
    cells = {"a": range(ROWS * 2), "s": ["x", "y"] * ROWS, "d": [date(2026, 1, 1), None] * ROWS}
    return polars.DataFrame(cells, schema_overrides={"s": polars.Categorical})


def test_a_value_that_stays_leaves_when_someone_elsewhere_wants_it(perform: Perform) -> None:
    held = perform(frame, stays=True).values["y"]
    pd.testing.assert_frame_equal(held.get(), frame())
    assert held.place[0] == "file"
    held.release()


def test_another_attempt_gets_the_value_as_it_was(perform: Perform) -> None:
    held = perform(frame, stays=True).values["y"]
    for _ in range(2):
        assert perform(lambda value: float(value.a.pop(0)), value=held).values["y"].get() == 0.0
    held.release()


def test_a_value_that_no_pickle_knows_goes_to_its_one_taker(perform: Perform) -> None:
    held = perform(lambda: (number for number in range(3)), stays=True).values["y"]
    assert perform(sum_of, value=held, spent=True).values["y"].get() == 3


def sum_of(value: Any) -> int:
    return sum(value)


def test_a_value_that_cannot_leave_its_worker_is_named(perform: Perform) -> None:
    with pytest.raises(
        NodeFailure, match=r"output 'y', generator, cannot leave its worker: .*pickle"
    ) as raised:
        perform(lambda: (number for number in range(3)))
    assert raised.value.hint == "run the node with engine: inline or threads"


def test_what_a_node_says_and_logs_is_said_here_and_kept_with_it(
    perform: Perform, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def speak() -> None:
        print("said")
        print("told", file=sys.stderr)
        logging.getLogger("some.module").warning("logged %s", 1)

    with pytest.raises(NodeFailure) as raised:
        perform(speak)
    told = {(stream, text) for _, stream, text in raised.value.log}
    assert ("out", "said\n") in told
    assert ("err", "told\n") in told
    assert caplog.messages == ["logged 1"]
    assert caplog.records[0].name == "some.module"


def test_an_error_arrives_as_it_was_raised(perform: Perform) -> None:
    def fail(x: int) -> None:
        raise KeyError("gone")

    with pytest.raises(NodeFailure, match="node 'n' failed: KeyError: 'gone'") as raised:
        perform(fail, x=1)
    assert isinstance(raised.value.__cause__, KeyError)
    assert "raise KeyError" in raised.value.frames
    assert raised.value.values == {"x": "int 1"}


def end_with(how: Any) -> None:
    print("last words", flush=True)
    os._exit(how) if isinstance(how, int) and how < 100 else os.kill(os.getpid(), how - 100)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(
    ("how", "told"),
    [
        (3, "its worker process ended with exit code 3, as if the node had called os._exit"),
        (100 + 9, "its worker process was ended by SIGKILL, perhaps for lack of memory"),
        (100 + 11, "its worker process was ended by SIGSEGV, a crash of compiled code"),
    ],
)
def test_a_worker_that_dies_fails_its_node_and_takes_with_it_what_it_had(
    perform: Perform, how: int, told: str
) -> None:
    held = perform(frame, stays=True).values["y"]
    with pytest.raises(NodeFailure) as raised:
        perform(lambda value, how: end_with(how), value=held, how=how)
    assert raised.value.message == f"node 'n' failed: {told}"
    assert isinstance(raised.value.__cause__, WorkerDied)
    assert [text for _, _, text in raised.value.log] == ["last words\n"]
    assert held.gone
    with pytest.raises(ValueGone):
        held.get()
    with pytest.raises(ValuesLost):
        perform(pid, value=held)


def test_a_task_under_way_can_be_ended(pool: ProcessesExecutor) -> None:
    future = pool.submit(Task(Node(sleep, outputs="y"), Catalog(), {}, keeps=["y"]))
    pool.kill(future)
    with pytest.raises(NodeFailure):
        future.result(WAIT_S)


def test_a_worker_that_cannot_be_started_fails_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("mlflow_tmpl.engine.processes.process.subprocess.Popen", refuse)
    with pytest.raises(NodeFailure, match=r"no worker process can be started: .*unavailable"):
        run(Node(sum_of, "x", "y"), {"x": [1]}, engine="processes", jobs=1)


def sleep() -> None:
    time.sleep(WAIT_S)


def shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {each.name for each in folder.glob(f"mlo-run-*-{os.getpid()}-*")} if folder.is_dir() else set()


def test_nothing_is_left_when_a_run_has_ended() -> None:
    before = shared_memory()
    nodes = [Node(frame, outputs="f"), *[Node(spoil, "f", f"g{i}", name=f"spoil{i}") for i in range(3)]]
    result = run(Pipeline(nodes), engine="processes", jobs=2)
    assert [result[f"g{i}"].loc[0, "a"] for i in range(3)] == [-1.0] * 3
    assert shared_memory() == before


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_values_that_went_with_a_worker_are_made_again_once_and_saved_once(tmp_path: Path) -> None:
    """The node that is killed takes with it what was made for it, two nodes up; one of those has saved something."""
    mark, made = tmp_path / "killed", tmp_path / "made"

    def first() -> pd.DataFrame:
        with made.open("a") as file:
            file.write("first ")
        return frame().drop(columns="s")

    def second(f: pd.DataFrame) -> tuple[pd.DataFrame, int]:
        with made.open("a") as file:
            file.write("second ")
        return f * 2, len(made.read_text().split())

    def third(g: pd.DataFrame) -> float:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(g.a[1])

    again = NodeOptions(retries={"count": 1, "delay_s": 0})
    nodes = [
        Node(first, outputs="f"),
        Node(second, "f", ["g", "n"]),
        Node(third, "g", "y", options=again),
    ]
    catalog = Catalog.of({"n": "n.json"}, root=tmp_path)
    result = run(Pipeline(nodes), catalog=catalog, engine="processes", jobs=1)
    assert result["y"] == 2.0
    assert made.read_text() == "first second first second "
    assert result["n"] == 2
    assert [node.status for node in result.nodes] == ["done"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("who", [0, 1, 2])
def test_a_run_ends_right_whichever_worker_is_killed(tmp_path: Path, who: int) -> None:
    before = children()
    result = run(doomed(tmp_path / "killed", who), engine="processes", jobs=2)
    assert result["t"] == 3 * 99_999 * 50_000
    assert (tmp_path / "killed").exists()
    assert children() <= before


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children()}


def test_past_its_budget_a_run_keeps_values_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLO_MEMORY_BYTES", "100")
    executor = ProcessesExecutor(Surroundings("r", Catalog(), (), jobs=1))
    try:
        task = Task(Node(frame, outputs="y"), Catalog(), {}, keeps=["y"], stays=frozenset({"y"}))
        held = executor.submit(task).result(WAIT_S).values["y"]
        pd.testing.assert_frame_equal(held.get(), frame())
        assert held.place[0] == "file"
        assert not held.place[1].startswith("/dev/shm")
    finally:
        executor.close(cancel=False)
    assert not Path(held.place[1]).exists()
