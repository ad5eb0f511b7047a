"""`--engine processes` through the real command: what is printed, stopped, killed, and left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

PATIENCE_S = 50

NODES = """
    import os
    import time
    from pathlib import Path

    @node(outputs="rows")
    def load(source: str) -> list[int]:
        os.write(1, b"from compiled code\\n")
        print("loading")
        return list(range(int(source)))

    @node(outputs="copy", keep="always")
    def hold(rows: list[int]) -> list[int]:
        return rows

    @node(outputs="total")
    def add(rows: list[int], *, seconds: float) -> str:
        Path("../pid").write_text(str(os.getpid()))
        Path("../started").touch()
        time.sleep(seconds)
        return str(sum(rows))

    @node(outputs="end")
    def close(copy: list[int], total: str) -> str:
        return f"{len(copy)} {total}"
    """


@pytest.fixture
def project(make_project: Callable[..., MadeProject]) -> MadeProject:
    catalog = "".join(f"{name}: data/{name}.txt\n" for name in ("source", "total", "end"))
    return make_project(NODES, catalog, "seconds: 0.0\n", files={"data/source.txt": "300000"})


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def left_by(pid: int) -> list[Path]:
    return list(Path("/dev/shm").glob(f"mlo-run-*-{pid}-*"))


def test_a_run_in_workers_gives_and_reuses_the_same_and_stdout_is_one_document(project: MadeProject) -> None:
    done = project.mlo("run", "--engine", "processes", "-j", "2", "--json")
    told = json.loads(done.stdout)
    assert [node["status"] for node in told["nodes"]] == ["done"] * 4
    assert "from compiled code\n" in done.stderr
    assert (project.root / "data/end.txt").read_text() == f"300000 {sum(range(300_000))}"
    again = {"load": "skipped", "hold": "skipped", "add": "reused", "close": "reused"}
    assert project.statuses("--engine", "inline") == again
    assert "loading" in project.mlo("runs", "log", "last~1").stdout
    kept = {"load": "skipped", "hold": "reused", "add": "reused", "close": "done"}
    assert project.statuses("--engine", "processes", "--force=close") == kept


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_workers_and_keeps_what_had_finished(project: MadeProject) -> None:
    process = project.start("run", "--engine", "processes", "-j", "2", "--params", "seconds=60.0")
    wait_until((project.root.parent / "started").exists)
    worker = int((project.root.parent / "pid").read_text())
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    wait_until(lambda: not alive(worker))
    assert left_by(process.pid) == []
    nodes = {node["name"]: node["status"] for node in project.json("runs", "show")["nodes"]}
    assert (nodes["load"], nodes["add"], nodes["close"]) == ("done", "cancelled", "cancelled")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="memory that is a folder")
def test_workers_end_with_a_driver_that_is_killed_and_the_next_run_removes_what_it_left(
    project: MadeProject,
) -> None:
    process = project.start("run", "--engine", "processes", "-j", "2", "--params", "seconds=60.0")
    wait_until((project.root.parent / "started").exists)
    worker = int((project.root.parent / "pid").read_text())
    wait_until(
        lambda: any(path.stat().st_size > 1 << 16 for each in left_by(process.pid) for path in each.iterdir())
    )
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not alive(worker))
    assert left_by(process.pid)
    project.mlo("run", "--engine", "processes")
    assert left_by(process.pid) == []


SCRIPT = """
from mlflow_tmpl import Node, open_project, run

factor = 3
def times(x): return x * factor

print(run([Node(times, "x", "y"), Node(lambda y: y + 1, "y", "z", name="one_more")], {"x": 2}, engine="processes")["z"])
print(open_project(PATH).run(engine="processes", jobs=2)["end"])
"""


@pytest.mark.parametrize("as_file", [True, False], ids=["script", "python -c"])
def test_a_script_needs_no_guard(project: MadeProject, as_file: bool, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("PATH", repr(str(project.root))))
    how = [str(script)] if as_file else ["-c", script.read_text()]
    done = subprocess.run(
        [sys.executable, *how], capture_output=True, text=True, check=False, env=clean_environment()
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "7"
    assert done.stdout.splitlines()[-1] == f"300000 {sum(range(300_000))}"


def test_a_single_file_runs_in_workers(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        "from mlflow_tmpl import node\n"
        "@node(outputs='rows')\ndef make(): return list(range(100_000))\n"
        "@node\ndef show(rows): print('total', sum(rows))\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mlflow_tmpl.cli.main", "run", "flow.py", "--engine", "processes"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=clean_environment(),
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == "total 4999950000", done.stderr


VAULT = """
class Vault:
    def __init__(self, filepath, credentials):
        self.filepath, self.credentials = filepath, credentials

    def load(self):
        return self.credentials["key"][:4]

    def save(self, data):
        raise RuntimeError(f"{data}: no access with {self.credentials['key']}")
"""


def test_credentials_reach_the_workers_and_nothing_that_they_say(
    make_project: Callable[..., MadeProject],
) -> None:
    entry = "{{type: {package}.vault.Vault, filepath: data/{name}, credentials: main}}"
    project = make_project(
        """
        @node(outputs="there")
        def pass_on(here: str) -> str:
            print("the key is hush-hush-1")
            return here
        """,
        "",
        files={"conf/local/credentials.yml": "main: {key: hush-hush-1}\n"},
    )
    project.write(f"src/{project.package}/vault.py", VAULT)
    names = ("here", "there")
    lines = [f"{name}: {entry.format(package=project.package, name=name)}\n" for name in names]
    project.write("conf/base/catalog.yml", "".join(lines))
    done = project.mlo("run", "--engine", "processes")
    assert done.returncode == 1
    assert "hush: no access with ***" in done.stderr
    assert "the key is ***" in project.mlo("runs", "log", "last").stdout
    for text in (done.stderr, project.mlo("runs", "show", "--json").stdout):
        assert "hush-hush-1" not in text
