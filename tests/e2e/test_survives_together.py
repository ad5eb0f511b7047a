"""Several runs of one project: leases on outputs, waiting, cancelling, resuming."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.ledger.watch import Cancelled
from tests.conftest import clean_environment

from .test_survives import PATIENCE_S, calls, integrity, records, statuses, wait_for, wait_for_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import MadeProject

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the processes are stopped by signals of POSIX"
)

NODES = """
    import time
    from pathlib import Path

    def note(name: str) -> None:
        with Path("../calls.log").open("a") as file:
            file.write(name + "\\n")

    @node(outputs="first", tags=["one"])
    def quick(source: str) -> str:
        note("quick")
        return source

    @node(outputs="second", tags=["one"])
    def slow(first: str, *, seconds: float) -> str:
        note("slow")
        Path("../slow.started").touch()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not Path("../go").exists():
            time.sleep(0.02)
        return first

    @node(outputs="third", tags=["one"])
    def last(second: str) -> str:
        note("last")
        return second

    @node(outputs="other", tags=["two"])
    def apart(source: str) -> str:
        note("apart")
        return source
    """
CATALOG = "".join(f"{name}: data/{name}.txt\n" for name in ("source", "first", "second", "third", "other"))


@pytest.fixture
def steps(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(NODES, CATALOG, "seconds: 60.0\n", files={"data/source.txt": "one"})


@pytest.fixture
def running(steps: MadeProject) -> Iterator[subprocess.Popen[str]]:
    """A run in the midst of its slow node."""
    process = steps.start("run", "--tags=one")
    wait_for(steps.root.parent / "slow.started")
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=PATIENCE_S)


def leases(project: MadeProject) -> list[tuple[str, ...]]:
    with sqlite3.connect(project.root / ".mlo" / "ledger.sqlite") as connection:
        return connection.execute("SELECT dataset, run FROM lease ORDER BY dataset").fetchall()


def go(project: MadeProject) -> None:
    (project.root.parent / "go").touch()


def test_a_run_that_would_write_the_same_is_told_who_does(
    steps: MadeProject, running: subprocess.Popen[str]
) -> None:
    refused = steps.mlo("run", "--tags=one")
    assert refused.returncode == 2
    run = steps.json("runs", "list")[0]["id"][:13]
    error, hint = refused.stderr.splitlines()
    assert error.startswith(
        f"error: output 'second' is being written by run {run} (process {running.pid} on "
    )
    assert hint == f"  hint: wait for it with --wait, or stop it: mlo runs cancel {run}"
    assert len(steps.json("runs", "list")) == 1, "a refused command makes no run"


def test_runs_that_write_apart_go_on_together(steps: MadeProject, running: subprocess.Popen[str]) -> None:
    assert steps.statuses("--tags=two") == {"apart": "done"}
    assert running.poll() is None
    assert [dataset for dataset, _ in leases(steps)] == ["", "first", "second", "third"]


def test_what_needs_nothing_written_is_never_refused(
    steps: MadeProject, running: subprocess.Popen[str]
) -> None:
    assert steps.statuses("--nodes=quick") == {"quick": "reused"}
    assert steps.mlo("plan").returncode == 0


def test_a_run_that_waits_finds_the_work_done(steps: MadeProject, running: subprocess.Popen[str]) -> None:
    waiting = [steps.start("run", "--tags=one", "--wait") for _ in range(2)]
    for process in waiting:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("waiting: output 'second' is being written by run ")
    go(steps)
    for process in waiting:
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    assert running.wait(PATIENCE_S) == 0
    assert calls(steps) == ["quick", "slow", "last"]
    assert leases(steps) == []


def test_patience_has_an_end(steps: MadeProject, running: subprocess.Popen[str]) -> None:
    wait_for_records(steps, 1)
    asked = time.monotonic()
    refused = steps.mlo("run", "--tags=one", "--wait=0.5")
    assert refused.returncode == 2
    assert "error: output 'second' is being written by run " in refused.stderr
    assert 0.5 <= time.monotonic() - asked < 40


def test_waiting_can_be_stopped(steps: MadeProject, running: subprocess.Popen[str]) -> None:
    waiting = steps.start("run", "--tags=one", "--wait")
    assert waiting.stderr is not None
    waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    waiting.communicate(timeout=PATIENCE_S)
    assert waiting.returncode == 130
    assert len(steps.json("runs", "list")) == 1


def test_a_dead_holder_holds_nothing(steps: MadeProject, running: subprocess.Popen[str]) -> None:
    wait_for_records(steps, 1)
    running.kill()
    running.wait(PATIENCE_S)
    assert len(leases(steps)) == 4
    go(steps)
    assert steps.statuses("--tags=one") == {"quick": "reused", "slow": "done", "last": "done"}
    assert leases(steps) == []
    assert [run["status"] for run in steps.json("runs", "list")] == ["done", "lost"]


def test_a_dead_holder_that_nobody_has_collected_holds_nothing(steps: MadeProject) -> None:
    process = steps.start("run", "--tags=one")
    wait_for(steps.root.parent / "slow.started")
    process.kill()
    time.sleep(0.3)
    assert process.returncode is None, "a zombie"
    go(steps)
    assert steps.mlo("run", "--tags=one").returncode == 0
    process.communicate(timeout=PATIENCE_S)


def test_a_process_of_the_same_number_is_not_the_holder(
    steps: MadeProject, running: subprocess.Popen[str]
) -> None:
    running.kill()
    running.wait(PATIENCE_S)
    with sqlite3.connect(steps.root / ".mlo" / "ledger.sqlite") as connection:
        connection.execute("UPDATE lease SET pid = ?", (os.getpid(),))
        connection.execute("UPDATE run SET pid = ?", (os.getpid(),))
    assert steps.json("runs", "list")[0]["status"] == "lost"
    go(steps)
    assert steps.mlo("run", "--tags=one").returncode == 0


def test_a_holder_out_of_sight_counts_as_long_as_its_heart_beats(
    steps: MadeProject, running: subprocess.Popen[str]
) -> None:
    running.kill()
    running.wait(PATIENCE_S)

    def pretend(expires_at: float) -> None:
        with sqlite3.connect(steps.root / ".mlo" / "ledger.sqlite") as connection:
            connection.execute(
                "UPDATE lease SET boot = 'elsewhere/1', host = 'far', expires_at = ?", (expires_at,)
            )

    pretend(time.time() + 60)
    assert "on far, since" in steps.mlo("run", "--tags=one").stderr
    assert steps.json("runs", "list")[0]["status"] == "running"
    pretend(time.time() - 1)
    go(steps)
    assert steps.mlo("run", "--tags=one").returncode == 0
    assert [run["status"] for run in steps.json("runs", "list")] == ["done", "lost"]


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_a_run_is_cancelled_from_another_terminal(steps: MadeProject, engine: str) -> None:
    process = steps.start("run", "--tags=one", "--engine", engine)
    wait_for(steps.root.parent / "slow.started")
    time.sleep(0.1)
    asked = time.monotonic()
    done = steps.mlo("runs", "cancel", "last")
    assert time.monotonic() - asked < 40
    run = steps.json("runs", "show")
    assert done.stdout == f"run {run['id'][:13]} is cancelled\n"
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.splitlines()[-1].startswith("mlo: cancelled by ")
    assert "Traceback" not in stderr
    assert run["status"] == "cancelled"
    assert statuses(steps) == {"quick": "done", "slow": "cancelled", "last": "cancelled"}
    assert leases(steps) == []
    go(steps)
    assert steps.statuses("--tags=one") == {"quick": "reused", "slow": "done", "last": "done"}


def test_a_run_that_heeds_no_interrupt_from_the_keyboard_is_cancelled_as_well(steps: MadeProject) -> None:
    def as_in_the_background() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    process = steps.start("run", "--tags=one", preexec_fn=as_in_the_background)
    wait_for(steps.root.parent / "slow.started")
    assert steps.mlo("runs", "cancel", "last").stdout.endswith(" is cancelled\n")
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_a_run_in_a_thread_of_a_program_is_cancelled(steps: MadeProject, engine: str) -> None:
    project, raised = steps.open(), []
    before = os.getcwd()
    os.chdir(steps.root)
    try:

        def work() -> None:
            try:
                project.run(tags="one", engine=engine)
            except Cancelled as cancelled:
                raised.append(cancelled)

        thread = threading.Thread(target=work)
        thread.start()
        wait_for(steps.root.parent / "slow.started")
        while not project.runs():  # it is written behind the run, which may be ahead on a busy machine
            time.sleep(0.02)
        project.cancel()
        thread.join(PATIENCE_S)
        go(steps)
    finally:
        os.chdir(before)
    assert [bool(each.by) for each in raised] == [True]
    assert project.ledger.run("last").status == "cancelled"


def test_what_does_not_run_cannot_be_cancelled(steps: MadeProject) -> None:
    go(steps)
    assert steps.mlo("runs", "cancel", "last").stderr == (
        "error: there is no run 'last'\n  hint: mlo run makes the first one\n"
    )
    steps.mlo("run")
    run = steps.json("runs", "show")["id"][:13]
    refused = steps.mlo("runs", "cancel", "last")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[0] == f"error: run {run!r} is not running: it is done"


def killed(steps: MadeProject, *arguments: str) -> None:
    before = records(steps)
    process = steps.start("run", *arguments)
    wait_for(steps.root.parent / "slow.started")
    wait_for_records(steps, before + 1)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    (steps.root.parent / "slow.started").unlink()


def test_a_run_is_resumed_as_it_was_asked_for(steps: MadeProject) -> None:
    steps.write("conf/prod/parameters.yml", "unused: 1\n")
    killed(steps, "-e", "prod", "--to-nodes=slow", "--params", "seconds=50.0", "flow")
    assert steps.json("runs", "show")["status"] == "lost"
    go(steps)
    resumed = steps.json("run", "--resume")
    assert {node["name"]: node["status"] for node in resumed["nodes"]} == {"quick": "reused", "slow": "done"}
    first, again = steps.json("runs", "show", "last~1"), steps.json("runs", "show")
    for asked in ("pipelines", "selection", "environment"):
        assert again[asked] == first[asked]
    assert again["parameters"]["seconds"]["value"] == 50.0
    with sqlite3.connect(steps.root / ".mlo" / "ledger.sqlite") as connection:
        told = connection.execute("SELECT cause, parent FROM run ORDER BY id DESC LIMIT 1").fetchall()
    assert told == [("resume", first["id"])]
    assert set(steps.statuses("--resume").values()) == {"reused"}


def test_a_forced_run_is_resumed_with_what_it_had_not_forced_yet(steps: MadeProject) -> None:
    go(steps)
    steps.mlo("run")
    (steps.root.parent / "go").unlink()
    (steps.root.parent / "slow.started").unlink()
    killed(steps, "--force", "--tags=one")
    go(steps)
    (steps.root.parent / "calls.log").unlink()
    resumed = {node["name"]: node["status"] for node in steps.json("run", "--resume")["nodes"]}
    assert resumed == {"quick": "reused", "slow": "done", "last": "done"}
    assert calls(steps) == ["slow", "last"]
    assert integrity(steps) == "ok"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["flow"], "naming pipelines"),
        (["--tags=one"], "--tags"),
        (["--params", "seconds=1.0"], "--params"),
        (["--no-reuse"], "--no-reuse"),
        (["--force"], "--force"),
    ],
)
def test_what_contradicts_resuming_is_refused(steps: MadeProject, options: list[str], told: str) -> None:
    go(steps)
    steps.mlo("run")
    refused = steps.mlo("run", "--resume", *options)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: --resume repeats what a run was asked for, and {told} asks for something else\n"
        "  hint: leave out one of the two\n"
    )


def test_resuming_refuses_another_environment_a_run_that_goes_on_and_none(
    steps: MadeProject, tmp_path: Path
) -> None:
    assert steps.mlo("run", "--resume").stderr == (
        "error: there is no run to resume\n  hint: mlo run makes the first one\n"
    )
    steps.write("conf/prod/parameters.yml", "unused: 1\n")
    process = steps.start("run", "--tags=one")
    wait_for(steps.root.parent / "slow.started")
    run = steps.json("runs", "show")["id"]
    refused = steps.mlo("run", "--resume")
    assert (
        refused.stderr
        == f"error: run '{run[:13]}' is still running\n  hint: stop it: mlo runs cancel {run[:13]}\n"
    )
    go(steps)
    process.communicate(timeout=PATIENCE_S)
    refused = steps.mlo("run", f"--resume={run}", "-e", "prod")
    assert refused.stderr.splitlines()[0] == f"error: run '{run[:13]}' was in environment 'base', not 'prod'"
    assert steps.mlo("run", "--resume=ffff").stderr.splitlines()[0] == "error: there is no run 'ffff'"


def test_python_resumes_too(steps: MadeProject) -> None:
    killed(steps, "--to-nodes=slow")
    go(steps)
    before = os.getcwd()
    os.chdir(steps.root)
    try:
        result = steps.open().resume()
    finally:
        os.chdir(before)
    assert [node.status for node in result.nodes] == ["reused", "done"]


@pytest.mark.parametrize("engine", ["inline", "threads"])
@pytest.mark.parametrize("presses", [1, 2])
def test_the_keyboard_of_a_terminal_stops_a_run(steps: MadeProject, engine: str, presses: int) -> None:
    pexpect = pytest.importorskip("pexpect")
    steps.write(
        "nodes/flow.py",
        """
        import time
        from pathlib import Path
        from mlflow_tmpl import node

        @node(outputs="first")
        def quick(source: str) -> str:
            return source

        @node(outputs="second")
        def stubborn(first: str) -> str:
            Path("../slow.started").touch()
            try:
                time.sleep(60)
            except KeyboardInterrupt:
                Path("../caught").touch()
                time.sleep(60 if Path("../stubborn").exists() else 0)
                raise
            return first
        """,
    )
    if presses == 2:
        (steps.root.parent / "stubborn").touch()
    child = pexpect.spawn(
        steps.command()[0],
        ["run", "--engine", engine],
        cwd=str(steps.root),
        env=clean_environment(TERM="xterm"),
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
    wait_for(steps.root.parent / "slow.started")
    time.sleep(0.2)
    child.sendintr()
    if presses == 2:
        wait_for(steps.root.parent / "caught")  # two at once may be one
        child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert child.before.rfind("\x1b[?25h") >= child.before.rfind("\x1b[?25l"), "the cursor is back"
    assert "Traceback" not in child.before
    ends = {"lost", "cancelled"} if presses == 2 else {"cancelled"}
    assert statuses(steps)["quick"] == "done"
    assert statuses(steps)["stubborn"] in ends
