from __future__ import annotations

import copyreg
import io
import pickle
import subprocess
import sys
import threading
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest

from mlflow_tmpl import Catalog, Node
from mlflow_tmpl.catalog.portable import portable
from mlflow_tmpl.config import Origin, located
from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.portable import (
    dumps,
    enter,
    moved,
    pack_site,
    pack_task,
    perform_portable,
    unpack_task,
)
from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.engine.task import Outcome, Task
from mlflow_tmpl.errors import CatalogError


def double(x: int) -> int:
    return 2 * x


def loud(func: Any) -> Any:
    @wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        print("called")
        return func(*args, **kwargs)

    return wrapped


@loud
def triple(x: int) -> int:
    return 3 * x


def divide(x: int) -> float:
    return x / 0


class Odd(Exception):
    """Cannot be made from what it pickles, nor be pickled."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")
        self.lock = threading.Lock()


def raise_odd(x: int) -> None:
    raise Odd(x, 2)


def travelled(task: Task, datasets: tuple[str, ...] = ()) -> Outcome:
    workplace = enter(pack_site(Surroundings("r", task.catalog, datasets)))
    return perform_portable(unpack_task(pack_task(task)), {}, workplace)


def task_of(func: Any, **values: Any) -> Task:
    return Task(Node(func, outputs="y", name="n"), Catalog(), values, keeps=["y"])


@pytest.mark.parametrize(
    ("func", "result"),
    [(double, 4), (triple, 6), (lambda x: x + 1, 3), (partial(double), 4)],
    ids=["function", "decorated", "lambda", "partial"],
)
def test_any_function_travels(func: Any, result: int) -> None:
    assert travelled(task_of(func, x=2)).values == {"y": result}


def test_a_closure_travels_with_what_it_holds() -> None:
    factor = 7

    def times(x: int) -> int:
        return x * factor

    assert travelled(task_of(times, x=2)).values == {"y": 14}


def test_an_importable_function_travels_by_its_name() -> None:
    assert len(dumps(double)) < 100


def test_a_function_of_the_main_program_travels_by_value() -> None:
    program = (
        "import subprocess, sys\n"
        "from mlflow_tmpl.engine.portable import dumps\n"
        "def double(x): return 2 * x\n"
        "code = 'import pickle, sys; print(pickle.load(sys.stdin.buffer)(21))'\n"
        "subprocess.run([sys.executable, '-c', code], input=dumps(double), check=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("42\n", "")


def test_what_cannot_be_pickled_is_told_with_the_node() -> None:
    lock = threading.Lock()
    with pytest.raises(NodeFailure, match=r"node 'n' failed: it cannot be sent to a worker: TypeError"):
        pack_task(task_of(lambda x: lock, x=1))


def test_datasets_are_loaded_and_saved_where_the_node_runs(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("20")
    catalog = Catalog.of({"x": "x.json", "y": "y.json"}, root=tmp_path)
    task = Task(Node(double, "x", "y"), catalog, {}, [("x", "x", "")], ["y"], recorded=True)
    outcome = travelled(task, ("x", "y"))
    assert (tmp_path / "y.json").read_text() == "40\n"
    assert outcome.saved["y"].fingerprint == catalog.dataset("y").fingerprint()
    assert outcome.loaded == {"x": None}


def test_an_input_that_changed_since_the_decision_is_told_in_the_driver(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("20")
    catalog = Catalog.of({"x": "x.json"}, root=tmp_path)
    task = Task(Node(double, "x", "y"), catalog, {}, [("x", "x", "other")], (), ["y"], recorded=True)
    assert moved(task, travelled(task, ("x",))) == ("x",)


def test_a_failure_arrives_with_the_error_itself_and_the_users_frames() -> None:
    with pytest.raises(NodeFailure) as raised:
        travelled(task_of(divide, x=1))
    arrived = pickle.loads(raised.value.packed())
    assert isinstance(arrived.__cause__, ZeroDivisionError)
    assert arrived.to_json() == raised.value.to_json()
    assert "return x / 0" in arrived.frames
    assert arrived.values == {"x": "int 1"}
    assert str(arrived) == str(raised.value)


def test_an_error_that_cannot_be_pickled_arrives_as_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NodeFailure) as raised:
        travelled(task_of(raise_odd, x=1))
    monkeypatch.setitem(copyreg.dispatch_table, NodeFailure, lambda error: (Odd, (error.__dict__,)))
    arrived = pickle.loads(raised.value.packed())
    assert str(arrived.__cause__) == "node 'n' failed: Odd: 1 and 2"
    assert arrived.kind == "Odd"


def test_a_module_that_a_worker_does_not_find_is_named() -> None:
    packed = unpack_task(pack_task(task_of(double, x=1)))
    gone = type(packed)("n", "n.py:3", packed.node.replace(b"test_portable", b"test_pxrtable"), {"x": 1})
    workplace = enter(pack_site(Surroundings("r", Catalog(), ())))
    with pytest.raises(NodeFailure, match="a worker cannot load it: ModuleNotFoundError"):
        perform_portable(gone, {}, workplace)


def test_a_module_that_was_edited_after_the_driver_loaded_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_tmpl.planning.code import remember_loaded_sources

    (tmp_path / "edited_flow.py").write_text("def one(): return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import edited_flow  # type: ignore[import-not-found]

    remember_loaded_sources([edited_flow])
    task = Task(Node(edited_flow.one, outputs="y"), Catalog(), {}, keeps=["y"])
    site, packed = pack_site(Surroundings("r", Catalog(), ())), pack_task(task)
    (tmp_path / "edited_flow.py").write_text("def one(): return 2\n")
    workplace = enter(site)
    for _ in range(2):
        with pytest.raises(NodeFailure, match="module 'edited_flow' was changed after the run had begun"):
            perform_portable(unpack_task(packed), {}, workplace)


def test_credentials_travel_for_the_datasets_of_the_run_only_and_are_masked_there(tmp_path: Path) -> None:
    said = {"one": {"password": "hush-hush"}, "other": {"password": "never-told"}}
    entries = {
        "a": {"filepath": "a.json", "credentials": "one"},
        "b": {"filepath": "b.json", "credentials": "other"},
    }
    catalog = Catalog.of(entries, root=tmp_path, credentials=lambda: located(said, Origin("c.yml")))
    told = portable(catalog, ["a"])
    packed = dumps(told)
    assert told.credentials == {"one": {"password": "hush-hush"}}
    assert b"never-told" not in packed
    assert "hush" not in repr(told)
    assert pickle.loads(packed).open().known_secrets.mask("it is hush-hush") == "it is ***"


def test_an_object_for_a_dataset_that_cannot_travel_is_named() -> None:
    buffer = Buffer()
    buffer.lock = threading.Lock()
    with pytest.raises(
        CatalogError, match="the objects for datasets 'x' cannot be sent to workers: TypeError"
    ):
        pack_site(Surroundings("r", Catalog(objects={"x": buffer}), ("x",)))


def test_a_given_object_travels_as_it_is() -> None:
    buffer = Buffer()
    opened = pickle.loads(dumps(portable(Catalog(objects={"x": buffer}), ["x"]))).open()
    assert opened.load("x") == 5


class Buffer:
    lock: Any = None

    def load(self) -> int:
        return 5

    def save(self, data: Any) -> None:
        io.StringIO().write(str(data))
