"""The engines dask and ray through the real command, on clusters of their own: what is printed, survived, left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.clusters import PATIENCE_S, marked, wait_until
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import MadeProject

NODES = """
    import os
    import signal
    import time
    from pathlib import Path

    @node(outputs="rows")
    def load(source: str) -> list[int]:
        os.write(1, b"from compiled code\\n")
        print("loading")
        return list(range(int(source)))

    @node(outputs="more")
    def die_once(rows: list[int], *, folder: str) -> list[int]:
        if not Path(folder, "died").exists():
            Path(folder, "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return [*rows, 1]

    @node(outputs="total")
    def add(more: list[int], *, seconds: float, folder: str) -> str:
        Path(folder, "started").touch()
        time.sleep(seconds)
        return str(sum(more))

    @node(outputs="never", timeout_s=0.5)
    def stick(rows: list[int]) -> int:
        time.sleep(600)
        return 1
    """

ENGINES = [
    pytest.param(engine, marks=pytest.mark.skipif(find_spec(package) is None, reason=f"no {package}"))
    for engine, package in {"dask": "distributed", "ray": "ray"}.items()
]


@pytest.fixture
def project(make_project: Callable[..., MadeProject], tmp_path: Path) -> MadeProject:
    catalog = "".join(f"{name}: data/{name}.txt\n" for name in ("source", "total"))
    parameters = f"seconds: 0.0\nfolder: {tmp_path}\n"
    return make_project(NODES, catalog, parameters, files={"data/source.txt": "100"})


def start(project: MadeProject, mark: str, *arguments: str) -> subprocess.Popen[str]:
    env = clean_environment(MLO_TEST_MARK=mark)
    return project.start("run", *arguments, env=env, start_new_session=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_survives_a_worker_and_ends_a_node_that_sticks(project: MadeProject, engine: str) -> None:
    mark = uuid4().hex
    process = start(project, mark, "--engine", engine, "--keep-going", "--json")
    out, err = process.communicate(timeout=PATIENCE_S)
    assert out, (process.returncode, err)
    told = json.loads(out)
    statuses = {node["name"]: node["status"] for node in told["nodes"]}
    assert statuses == {"load": "done", "die_once": "done", "add": "done", "stick": "timed_out"}, err
    assert process.returncode == 1
    assert (project.root / "data/total.txt").read_text() == "4951"
    log = project.mlo("runs", "log", "last").stdout
    assert "loading" in log
    assert "lost: the node ran again" in log
    assert "Traceback" not in err
    assert "raylet" not in err
    wait_until(lambda: not marked(mark))


@pytest.mark.parametrize(
    ("engine", "number"),
    [
        pytest.param("dask", signal.SIGKILL, marks=ENGINES[0].marks),
        pytest.param("dask", signal.SIGINT, marks=ENGINES[0].marks),
        pytest.param("ray", signal.SIGKILL, marks=ENGINES[1].marks),
    ],
)
def test_a_run_that_is_ended_leaves_nothing(
    project: MadeProject, tmp_path: Path, engine: str, number: int
) -> None:
    mark = uuid4().hex
    (tmp_path / "died").touch()
    process = start(project, mark, "--engine", engine, "--params", "seconds=600", "--to-nodes", "add")
    wait_until(lambda: (tmp_path / "started").exists())
    os.killpg(process.pid, number) if number == signal.SIGINT else process.kill()
    _, err = process.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not marked(mark))
    assert "Traceback" not in err
    assert "raylet" not in err
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "mlo: stopped" in err
        assert project.json("runs", "show", "last")["status"] == "cancelled"
