"""Runs that are stopped, killed, crowded or starved: what had finished is kept, and nothing is ever half there."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

if sys.platform == "win32":
    pytest.skip("signals of POSIX", allow_module_level=True)

KILLS = int(os.environ.get("MLO_TEST_KILLS", "6"))
PATIENCE_S = 50

STEPS = """
    import time
    from pathlib import Path

    def note(name: str) -> None:
        with Path("../calls.log").open("a") as file:
            file.write(name + "\\n")

    @node(outputs="first")
    def quick(source: str) -> str:
        note("quick")
        return source

    @node(outputs="second")
    def slow(first: str, *, seconds: float) -> str:
        note("slow")
        print("slow has begun")
        Path("../slow.started").touch()
        time.sleep(seconds)
        return first

    @node(outputs="third")
    def last(second: str) -> str:
        note("last")
        return second
    """
CATALOG = "".join(f"{name}: data/{name}.txt\n" for name in ("source", "first", "second", "third"))


@pytest.fixture
def steps(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(STEPS, CATALOG, "seconds: 60.0\n", files={"data/source.txt": "one"})


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


def records(project: MadeProject) -> int:
    """Return how many nodes are on record as done."""
    ledger = project.root / ".mlo" / "ledger.sqlite"
    if not ledger.exists():
        return 0
    with sqlite3.connect(ledger) as connection:
        return int(connection.execute("SELECT count(*) FROM node_run WHERE status = 'done'").fetchone()[0])


def wait_for_records(project: MadeProject, count: int) -> None:
    """Wait until so many nodes are on record as done: a node that took no time is a moment later."""
    deadline = time.monotonic() + PATIENCE_S
    while records(project) < count:
        assert time.monotonic() < deadline, f"{count} records never came"
        time.sleep(0.01)


def statuses(project: MadeProject) -> dict[str, str]:
    return {node["name"]: node["status"] for node in project.json("runs", "show")["nodes"]}


def calls(project: MadeProject) -> list[str]:
    return (project.root.parent / "calls.log").read_text().split()


@pytest.mark.parametrize("engine", ["inline", "threads"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_keeps_what_had_finished_and_says_how_to_go_on(
    steps: MadeProject, engine: str, number: signal.Signals, code: int
) -> None:
    process = steps.start("run", "--engine", engine)
    wait_for(steps.root.parent / "slow.started")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert stdout == "slow has begun\n"
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == (
        f"mlo: stopped; what had finished is kept: mlo run --engine {engine} goes on from there"
    )
    assert statuses(steps) == {"quick": "done", "slow": "cancelled", "last": "cancelled"}
    assert steps.json("runs", "show")["status"] == "cancelled"
    assert "slow has begun" in steps.mlo("runs", "log", "last").stdout
    assert steps.statuses("--params", "seconds=0.0") == {"quick": "reused", "slow": "done", "last": "done"}
    assert calls(steps) == ["quick", "slow", "slow", "last"]


def test_a_node_that_swallows_the_signal_is_the_last_one(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            import time
            from pathlib import Path

            @node(outputs="a")
            def stubborn() -> int:
                Path("../started").touch()
                try:
                    time.sleep(60)
                except BaseException:
                    return 1

            @node(outputs="b")
            def later(a: int) -> int:
                return a
            """
    )
    process = project.start("run")
    wait_for(project.root.parent / "started")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143
    assert statuses(project) == {"stubborn": "done", "later": "cancelled"}


def test_the_second_signal_ends_at_once(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            import time
            from pathlib import Path

            @node(outputs="a")
            def stubborn() -> int:
                Path("../started").touch()
                try:
                    time.sleep(60)
                except BaseException:
                    Path("../caught").touch()
                    time.sleep(60)
            """
    )
    process = project.start("run")
    wait_for(project.root.parent / "started")
    process.send_signal(signal.SIGINT)
    wait_for(project.root.parent / "caught")
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert time.monotonic() - asked < 40
    assert project.json("runs", "list")[0]["status"] == "lost"


def test_a_signal_that_is_ignored_stays_ignored(steps: MadeProject) -> None:
    def as_under_nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = steps.start("run", "--params", "seconds=1.0", preexec_fn=as_under_nohup)
    wait_for(steps.root.parent / "slow.started")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_a_stopped_run_prints_no_document(steps: MadeProject) -> None:
    process = steps.start("run", "--json")
    wait_for(steps.root.parent / "slow.started")
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, stdout) == (130, "")


CHAIN = 3
SIZE = 200_000


def killed_project(make_project: Callable[..., MadeProject]) -> MadeProject:
    """Two chains of nodes side by side, each of which says when it begins and when it has ended."""
    nodes = """
        import os
        import time

        def note(text):
            descriptor = os.open("../calls.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, (text + "\\n").encode())
            os.close(descriptor)
        """
    names = [(f"{side}{n}", f"{side}{n + 1}") for n in range(CHAIN) for side in "vw"]
    for taken, given in names:
        nodes += f"""
        @node(outputs="{given}")
        def make_{given}({taken}: str) -> str:
            note("begin {given}")
            time.sleep(0.12)
            note("end {given}")
            return {taken}
        """
    catalog = "".join(f"{side}{n}: data/{side}{n}.txt\n" for n in range(CHAIN + 1) for side in "vw")
    content = f"{0:06}" * (SIZE // 6)
    return make_project(nodes, catalog, files={"data/v0.txt": content, "data/w0.txt": content})


def integrity(project: MadeProject) -> str:
    with sqlite3.connect(project.root / ".mlo" / "ledger.sqlite") as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def noted(project: MadeProject, word: str) -> list[str]:
    file = project.root.parent / "calls.log"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [line[1] for line in lines if line[0] == word]


@pytest.mark.parametrize(("engine", "slots"), [("inline", 1), ("threads", 2), ("processes", 2)])
def test_kills_at_any_moment_leave_old_or_new_and_what_had_finished(
    make_project: Callable[..., MadeProject], engine: str, slots: int
) -> None:
    project, rng = killed_project(make_project), random.Random(7)
    how = ("--engine", engine, *(("-j", str(slots)) if slots > 1 else ()))
    started = time.monotonic()
    project.mlo("run", *how)
    took_s = time.monotonic() - started
    repeated = 0
    for number in range(1, KILLS + 1):
        for side in "vw":
            (project.root / "data" / f"{side}0.txt").write_text(f"{number:06}" * (SIZE // 6))
        (project.root.parent / "calls.log").write_text("")
        process = project.start("run", *how, start_new_session=True)
        time.sleep(rng.uniform(0.0, took_s))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
        assert integrity(project) == "ok"
        for file in (project.root / "data").glob("*.txt"):
            content = file.read_text()
            assert content == content[:6] * (SIZE // 6), f"{file.name} is half written"
            assert int(content[:6]) <= number
        ended = noted(project, "end")
        resume = ("--resume",) if number % 3 == 0 and ended else ()
        done = project.mlo("run", *resume, "--engine", engine, "--json")
        assert done.returncode == 0, done.stderr
        told = {node["name"]: node["status"] for node in json.loads(done.stdout)["nodes"]}
        again = noted(project, "end")[len(ended) :]
        repeated += len(set(ended) & set(again))
        assert len(set(ended) & set(again)) <= slots, "a node ran again whose result was there"
        assert set(told.values()) <= {"done", "reused"}
        assert sorted({*ended, *again}) == sorted(f"{side}{n + 1}" for side in "vw" for n in range(CHAIN))
        for side in "vw":
            assert (project.root / "data" / f"{side}{CHAIN}.txt").read_text() == f"{number:06}" * (SIZE // 6)
    print(f"{KILLS} kills, {engine}: {repeated} nodes had ended and were not on record yet")
    leftovers = [path.name for path in (project.root / "data").iterdir() if path.name.startswith(".")]
    assert leftovers == []
    assert {run["status"] for run in project.json("runs", "list", "-n", "1000")} <= {"done", "lost"}


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_no_node_that_had_ended_before_a_kill_runs_again_however_short_it_was(
    make_project: Callable[..., MadeProject], engine: str
) -> None:
    nodes = """
        import os
        import signal
        import sqlite3

        held = []

        def note(name, value):
            descriptor = os.open("../calls.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, (name + "\\n").encode())
            os.close(descriptor)
            if name == "v10":  # from now on nothing gets into the tables
                held.append(sqlite3.connect(".mlo/ledger.sqlite", isolation_level=None))
                held[0].execute("BEGIN IMMEDIATE")
            if name == "v20" and not os.path.exists("../killed"):
                open("../killed", "w").close()
                os.kill(os.getpid(), signal.SIGKILL)
            return value
        """
    for n in range(30):
        nodes += f"""
        @node(outputs="v{n + 1}")
        def make_v{n + 1}(v{n}: str) -> str:
            return note("v{n + 1}", v{n})
        """
    catalog = "".join(f"v{n}: data/v{n}.txt\n" for n in range(31))
    project = make_project(nodes, catalog, files={"data/v0.txt": "x"})
    assert project.mlo("run", "--engine", engine).returncode == -signal.SIGKILL
    assert records(project) <= 9
    assert project.mlo("run", "--engine", engine).returncode == 0
    assert calls(project) == [f"v{n}" for n in [*range(1, 21), *range(20, 31)]]
    assert list((project.root / ".mlo").glob("*.journal")) == []
    first = project.json("runs", "show", "last~1")
    assert first["status"] == "lost"
    assert [node["status"] for node in first["nodes"]].count("done") == 19


def test_a_killed_run_is_lost_and_the_nodes_in_flight_with_it(steps: MadeProject) -> None:
    process = steps.start("run")
    wait_for(steps.root.parent / "slow.started")
    wait_for_records(steps, 1)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    assert steps.json("runs", "show")["status"] == "lost"
    assert statuses(steps) == {"quick": "done", "slow": "lost"}


def test_two_runs_at_once_share_a_project(make_project: Callable[..., MadeProject]) -> None:
    nodes = "".join(
        f"\n@node(outputs='v{n}')\ndef s{n}(source: str) -> str:\n    return source * {n}\n"
        for n in range(20)
    )
    catalog = "source: data/source.txt\n" + "".join(f"v{n}: data/v{n}.txt\n" for n in range(20))
    project = make_project(nodes, catalog, files={"data/source.txt": "x"})
    running = [project.start("run", "--wait") for _ in range(4)]
    assert [process.communicate(timeout=60)[1].count("error") for process in running] == [0] * 4
    assert [process.returncode for process in running] == [0] * 4
    assert all((project.root / "data" / f"v{n}.txt").read_text() == "x" * n for n in range(20))
    assert set(project.statuses().values()) == {"reused"}
    assert integrity(project) == "ok"


def test_a_ledger_that_cannot_grow_is_one_error_and_the_run_can_be_repeated(
    make_project: Callable[..., MadeProject],
) -> None:
    nodes = "".join(
        f"\n@node(outputs='v{n}', tags=['t'])\ndef step_{n:03}() -> str:\n    return '{n}'\n"
        for n in range(300)
    )
    catalog = "".join(f"v{n}: data/v{n}.txt\n" for n in range(300))
    project = make_project(nodes, catalog)

    def starved() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    done = project.mlo("run", preexec_fn=starved)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "the ledger cannot be used: " in errors[0]
    assert done.stderr.splitlines()[-1].endswith("then run again: what has finished is kept")
    assert project.mlo("run").returncode == 0
    assert set(project.statuses().values()) == {"reused"}


PAGE = 4096


def folded(project: MadeProject) -> Path:
    """Return the ledger's file, with nothing left in its log."""
    ledger = project.root / ".mlo" / "ledger.sqlite"
    with sqlite3.connect(ledger) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return ledger


def header(ledger: Path) -> None:
    overwrite(ledger, 0, PAGE)


def middle(ledger: Path) -> None:
    overwrite(ledger, ledger.stat().st_size // 2, PAGE)


def all_but_the_header(ledger: Path) -> None:
    overwrite(ledger, PAGE, ledger.stat().st_size - PAGE)


def half(ledger: Path) -> None:
    os.truncate(ledger, ledger.stat().st_size // 2 + 100)


def nothing(ledger: Path) -> None:
    ledger.write_bytes(b"")


def a_folder(ledger: Path) -> None:
    ledger.unlink()
    ledger.mkdir()


def log(ledger: Path) -> None:
    Path(f"{ledger}-wal").write_bytes(b"noise" * 5000)


def index_of_the_log(ledger: Path) -> None:
    Path(f"{ledger}-shm").write_bytes(b"noise" * 5000)


def everything(ledger: Path) -> None:
    shutil.rmtree(ledger.parent)


def overwrite(ledger: Path, start: int, size: int) -> None:
    with ledger.open("r+b") as file:
        file.seek(start)
        file.write(b"\x5a" * size)


@pytest.mark.parametrize(
    "damage",
    [header, middle, all_but_the_header, half, nothing, a_folder, log, index_of_the_log, everything],
)
def test_whatever_is_damaged_is_set_aside_and_the_next_runs_are_right(
    steps: MadeProject, damage: Callable[[Path], None]
) -> None:
    quick = ("--params", "seconds=0.0")
    steps.mlo("run", *quick)
    damage(folded(steps))
    told, done = [], steps.mlo("run", *quick)
    if done.returncode:  # found only when nodes were under way
        told = [line for line in done.stderr.splitlines() if "the ledger is damaged: " in line]
        assert len(told) == 1
        assert done.stderr.splitlines()[-1].endswith("; run again")
        done = steps.mlo("run", *quick)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    told += [line for line in done.stderr.splitlines() if line.startswith("note: the ledger was damaged")]
    aside = list((steps.root / ".mlo").glob("ledger.damaged-*.sqlite"))
    assert len(aside) == len(told) <= 1, "what is damaged is kept, and that is said"
    steps.write("data/source.txt", "two")
    assert set(steps.statuses(*quick).values()) == {"done"}
    assert (steps.root / "data" / "third.txt").read_text() == "two"
    assert set(steps.statuses(*quick).values()) == {"reused"}
    if aside:  # damage that nobody has read yet is found when someone does
        assert integrity(steps) == "ok"


@pytest.mark.parametrize("command", ["run", "plan", "run --plan", "runs list", "viz", "store verify"])
def test_a_damaged_ledger_is_set_aside_and_the_command_goes_on(steps: MadeProject, command: str) -> None:
    steps.mlo("run", "--params", "seconds=0.0")
    ledger = steps.root / ".mlo" / "ledger.sqlite"
    for log in ledger.parent.glob("ledger.sqlite-*"):
        log.unlink()
    ledger.write_bytes(b"noise" * 1000)
    done = steps.mlo(
        *command.split(), *(("--params", "seconds=0.0") if command in {"run", "plan", "run --plan"} else ())
    )
    assert done.returncode == 0
    (note,) = [line for line in done.stderr.splitlines() if line.startswith("note: ")]
    assert note.startswith("note: the ledger was damaged; it is set aside as ")
    assert len(list(ledger.parent.glob("ledger.damaged-*.sqlite"))) == 1
    again = {"reused"} if command == "run" else {"done"}
    assert set(steps.statuses("--params", "seconds=0.0").values()) == again


def test_a_ledger_of_a_newer_mlo_is_refused(steps: MadeProject) -> None:
    steps.mlo("run", "--params", "seconds=0.0")
    with sqlite3.connect(steps.root / ".mlo" / "ledger.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    done = steps.mlo("run")
    assert done.returncode == 2
    assert "the ledger has schema 99, and this mlo knows schema " in done.stderr
    assert done.stderr.splitlines()[-1] == "  hint: upgrade: pip install --upgrade mlflow-tmpl"


def test_the_current_folder_may_vanish_and_that_is_told(steps: MadeProject, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f'rmdir "{gone}" && exec "$0" run', steps.command()[0]],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "error: the current folder is gone\n  hint: go to a folder that is there\n"
