"""The command line from outside: what it prints where, what it documents, what it imports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import jsonschema
import pytest

from tests.conftest import MLO, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"

LOUD = """
    import ctypes
    import logging
    import os
    import sys

    print("printed by an import")
    os.write(1, b"written by an import\\n")

    @node(outputs="a")
    def shout() -> int:
        print("printed by a node")
        os.write(1, b"written by a node\\n")
        os.system("echo echoed by a child")
        ctypes.CDLL(None).puts(b"put by C")
        sys.__stdout__.write("written to the first stdout\\n")
        return 1
    """


def check(document: Any, schema: str) -> None:
    jsonschema.validate(document, json.loads((SCHEMAS / f"{schema}.schema.json").read_text()))


def test_a_run_tells_results_on_stdout_and_progress_on_stderr(two_steps: MadeProject) -> None:
    done = two_steps.mlo("run")
    assert done.returncode == 0
    *printed, summary, output = done.stdout.splitlines()
    assert printed == ["double is called", "add is called"]
    assert re.fullmatch(r"done in .*: 2 ran", summary)
    assert output == "  result  data/result.txt"
    head, engine, first, second = done.stderr.splitlines()
    assert head.endswith(": 2 to run")
    assert engine == "  engine: inline, as no two nodes can run at the same time"
    assert (first.split()[1], second.split()[1]) == ("double", "add")


def test_a_run_that_has_nothing_to_do_says_so_and_calls_nothing(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    done = two_steps.mlo("run")
    assert done.stderr == ""
    assert done.stdout.splitlines()[0].startswith("nothing to do: all 2 nodes are up to date")
    assert "is called" not in done.stdout


def test_only_what_changed_runs(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    assert two_steps.statuses("--params", "amount=2") == {"double": "reused", "add": "done"}
    assert (two_steps.root / "data" / "result.txt").read_text() == "42"


@pytest.mark.parametrize("engine", ["inline", "threads", "auto"])
def test_every_engine_gives_the_same_files(two_steps: MadeProject, engine: str) -> None:
    assert two_steps.mlo("run", "--engine", engine).returncode == 0
    assert (two_steps.root / "data" / "result.txt").read_text() == "41"


def test_options_of_several_values_take_commas_and_repetition(two_steps: MadeProject) -> None:
    commas = two_steps.json("plan", "--nodes", "double,add")
    repeated = two_steps.json("plan", "--nodes", "double", "--nodes", "add")
    assert commas == repeated
    assert [node["name"] for node in commas["nodes"]] == ["double", "add"]


def test_force_alone_means_all_and_with_names_only_those(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    assert two_steps.statuses("--force=add") == {"double": "reused", "add": "done"}
    assert two_steps.statuses("--force", "flow") == {"double": "done", "add": "done"}
    assert two_steps.statuses("--no-reuse") == {"double": "done", "add": "done"}


def test_run_plan_says_what_plan_says_and_makes_no_run(two_steps: MadeProject) -> None:
    assert two_steps.mlo("run", "--plan").stdout == two_steps.mlo("plan").stdout
    assert two_steps.json("runs", "list") == []


def test_a_failing_node_is_exit_code_1_with_the_way_on(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node
            def fail(*, amount: int = 3) -> None:
                raise ValueError("no luck")
            """
    )
    done = project.mlo("run")
    assert (done.returncode, done.stdout) == (1, "")
    place = os.path.join("src", project.package, "nodes", "flow.py") + ":6"
    assert f"error: {place}: node 'fail' failed: ValueError: no luck\n" in done.stderr
    assert "  Traceback (most recent call last):\n" in done.stderr
    assert "mlflow_tmpl" not in done.stderr.partition("Traceback")[2]
    assert done.stderr.splitlines()[-1] == "mend it, then go on from there with: mlo run"


def test_json_is_one_document_whatever_is_printed(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(nodes=LOUD + "\n    import atexit; atexit.register(print, 'printed at exit')\n")
    done = project.mlo("run", "--json")
    told = json.loads(done.stdout)
    assert told["nodes"][0]["status"] == "done"
    for voice in ("an import", "a node", "echoed by", "put by C", "the first stdout", "printed at exit"):
        assert voice in done.stderr
    assert json.loads(project.mlo("plan", "--json").stdout)["nodes"][0]["name"] == "shout"


def test_without_json_what_nodes_print_is_on_stdout(make_project: Callable[..., MadeProject]) -> None:
    done = make_project(nodes=LOUD).mlo("run")
    assert "printed by a node" in done.stdout
    assert "printed by a node" not in done.stderr


def test_documents_keep_to_their_schemas(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node(outputs="a")
            def make(*, factor: float) -> float:
                return factor

            @node(outputs="b")
            def fail(a: float) -> float:
                raise ValueError(f"{a}")

            @node(outputs="c")
            def later(b: float) -> float:
                return b
            """,
        catalog="a: data/a.json\n",
        parameters="factor: 0.5\nnever: .nan\n",
    )
    check(project.json("plan"), "plan")
    check(project.json("run", "--plan"), "plan")
    check(project.json("run"), "run")
    check(project.json("run", "--to-nodes", "make"), "run")
    check(project.json("run", "--params", "factor=0.75", "--nodes", "make"), "run")
    check(project.json("runs", "list"), "runs")
    record = project.json("runs", "show", "last~2")
    check(record, "run-record")
    assert [node["status"] for node in record["nodes"]] == ["done", "failed", "blocked"]
    assert record["parameters"]["never"]["value"] == "nan"


def test_a_reader_who_leaves_spoils_nothing(two_steps: MadeProject) -> None:
    for arguments in (["run"], ["run", "--json", "--force"], ["plan"], ["plan", "--json"], ["runs", "list"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = two_steps.mlo(*arguments, stdout=writer)
        os.close(writer)
        assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (0, False, False)
    assert two_steps.statuses() == {"double": "reused", "add": "reused"}


def test_nobody_who_reads_the_progress_spoils_nothing(two_steps: MadeProject) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    assert two_steps.mlo("run", stderr=writer).returncode == 0
    os.close(writer)
    assert (two_steps.root / "data" / "result.txt").read_text() == "41"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes them")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_from_the_start_spoil_nothing(two_steps: MadeProject, closed: str) -> None:
    for options in ("", "--json --force"):
        done = subprocess.run(
            ["sh", "-c", f"exec {MLO} run {options} {closed}"],
            cwd=two_steps.root,
            env=clean_environment(),
            check=False,
        )
        assert done.returncode == 0
    assert two_steps.json("runs", "list")[0]["status"] == "done"
    assert (two_steps.root / "data" / "result.txt").read_text() == "41"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_document_that_cannot_be_written_is_told(two_steps: MadeProject) -> None:
    with open("/dev/full", "w") as full:
        done = two_steps.mlo("run", "--json", stdout=full)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            "error: the document cannot be written: No space left on device"
        )
        assert two_steps.mlo("run", stdout=full).returncode == 0


def test_there_is_no_colour_in_a_pipe(two_steps: MadeProject) -> None:
    done = two_steps.mlo("run", env={"TERM": "xterm-256color"})
    assert "\x1b" not in done.stdout + done.stderr


class Screen:
    """A terminal's screen, as far as our display uses it."""

    def __init__(self, text: str) -> None:
        self.lines, self.row, self.column, self.cursor = [""], 0, 0, True
        for part in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            self._take(part)

    def _take(self, part: str) -> None:
        if part == "\r":
            self.column = 0
        elif part == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))
        elif part in ("\x1b[?25l", "\x1b[?25h"):
            self.cursor = part.endswith("h")
        elif part.endswith("A") and part.startswith("\x1b"):
            self.row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            self.lines[self.row] = ""
        elif not part.startswith("\x1b"):
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + part + line[self.column + len(part) :]
            self.column += len(part)


def on_terminal(project: MadeProject, *arguments: str, columns: int = 80, **env: str) -> tuple[str, Screen]:
    """Run on a pseudo-terminal, and return what was written to it and what stays on the screen."""
    pexpect = pytest.importorskip("pexpect")
    environment = clean_environment(**{"TERM": "xterm-256color", **env})
    child = pexpect.spawn(
        str(MLO),
        list(arguments),
        cwd=project.root,
        env=environment,
        dimensions=(24, columns),
        encoding="utf-8",
        timeout=60,
    )
    text = child.read()
    child.close()
    assert child.exitstatus == 0, text
    return text, Screen(text)


def open_terminal() -> tuple[int, int]:
    """Return both ends of a pseudo-terminal."""
    pty = pytest.importorskip("pty")
    ends: tuple[int, int] = pty.openpty()
    return ends


@pytest.fixture
def slow(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(
        nodes="""
            import sys
            import time

            @node(outputs="a")
            def first_step_with_a_rather_long_name_that_has_to_be_cut() -> int:
                print("printed while the display is up")
                print("so is this", file=sys.stderr)
                time.sleep(0.4)
                return 1

            @node(outputs="b")
            def second(a: int) -> int:
                time.sleep(0.2)
                return a
            """
    )


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_terminal_shows_what_runs_and_is_left_clean(slow: MadeProject, columns: int) -> None:
    text, screen = on_terminal(slow, "run", columns=columns)
    assert "waiting: " in text
    assert "▶" in text
    assert "━" in text
    assert screen.cursor
    left = [line for line in screen.lines if line]
    assert left.pop(0).endswith(": 2 to run")
    assert left[0].startswith("  engine: inline, as no two nodes ")
    assert left[1:3] == ["printed while the display is up", "so is this"]
    assert left[3].startswith("● first_step")
    assert left[4].startswith("● second ")
    assert re.fullmatch(r"done in .*: 2 ran", left[5])
    assert left[6].startswith("  b  ")
    assert len(left) == 7
    assert all(len(line) <= columns for line in left)


def test_a_terminal_shows_no_colour_where_that_is_asked_for(slow: MadeProject) -> None:
    text, _ = on_terminal(slow, "run", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", text)


def test_a_dumb_terminal_gets_lines(slow: MadeProject) -> None:
    text, _ = on_terminal(slow, "run", TERM="dumb")
    assert "\x1b" not in text


def test_errors_on_a_terminal_keep_to_no_colour_too(two_steps: MadeProject) -> None:
    reader, writer = open_terminal()
    two_steps.mlo("run", "flo", stderr=writer, env={"NO_COLOR": "1", "TERM": "xterm"})
    os.close(writer)
    assert b"\x1b" not in os.read(reader, 10_000)
    os.close(reader)


def test_stdout_that_is_a_file_gets_what_nodes_print_though_a_terminal_shows_the_run(
    slow: MadeProject,
) -> None:
    reader, writer = open_terminal()
    done = slow.mlo("run", stderr=writer, env={"TERM": "xterm"})
    os.close(writer)
    os.close(reader)
    assert "printed while the display is up" in done.stdout


@pytest.mark.parametrize("seed", ["0", "1", "42"])
def test_plans_and_runs_are_the_same_for_every_hash_seed(
    make_project: Callable[..., MadeProject], seed: str
) -> None:
    nodes = "".join(
        f"\n@node(outputs='v{n}', tags=['x{n}', 'y'])\ndef s{n}() -> int:\n    return {n}\n"
        for n in range(12)
    )
    told = make_project(nodes=nodes).json("run", env={"PYTHONHASHSEED": seed})
    assert [node["name"] for node in told["nodes"]] == [f"s{n}" for n in range(12)]


IMPORTS_PROJECT = {
    "pandas",
    "yaml",
    "fsspec",
    "networkx",
    "rich",
    "cookiecutter",
    "msgspec",
    "sqlite3",
    "pluggy",
}


def imported(*command: str, cwd: Path) -> set[str]:
    """Return the top-level modules that a command imports."""
    source = "import sys, atexit; atexit.register(lambda: print('|'.join(sys.modules), file=sys.stderr))\n"
    run = f"sys.argv = ['mlo', *{list(command[1:])!r}]\nfrom mlflow_tmpl.cli.main import main\nmain()\n"
    code = source + (run if command[0] == "mlo" else command[0])
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)
    return {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split("|")}


@pytest.mark.parametrize("command", [("import mlflow_tmpl",), ("mlo", "--help"), ("mlo", "--version")])
def test_what_needs_no_project_imports_nothing_heavy(command: tuple[str, ...], tmp_path: Path) -> None:
    assert imported(*command, cwd=tmp_path) & IMPORTS_PROJECT == set()


def test_a_run_that_reuses_everything_imports_no_library_but_sqlite(two_steps: MadeProject) -> None:
    two_steps.mlo("run")
    names = imported("mlo", "run", cwd=two_steps.root)
    assert names & IMPORTS_PROJECT == {"sqlite3"}
    third = {name for name in names if name not in sys.stdlib_module_names and not name.startswith("_")}
    ours = {"mlflow_tmpl", two_steps.package}
    assert third - ours <= {"click", "blake3", "sitecustomize"}


def test_a_plan_with_nothing_to_do_imports_neither_parsers_nor_kinds_of_numbers(
    two_steps: MadeProject,
) -> None:
    two_steps.mlo("run")
    imported("mlo", "plan", cwd=two_steps.root)  # started otherwise, so that it has to remember for itself
    assert imported("mlo", "plan", cwd=two_steps.root) & {"yaml", "decimal", "shutil", "asyncio"} == set()


COMMANDS = ("new", "run", "plan", "viz", "runs")


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    from mlflow_tmpl.cli.main import COMMANDS as LISTED
    from mlflow_tmpl.cli.main import mlo

    for name, text in LISTED.items():
        command = mlo.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.get_short_help_str(limit=200) == text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_an_explanation_of_every_option(command: str, tmp_path: Path) -> None:
    from mlflow_tmpl.cli.main import mlo

    done = subprocess.run([MLO, command, "--help"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: mlo {command}")
    found = mlo.get_command(None, command)  # type: ignore[arg-type]
    assert found is not None
    assert all(option.help for option in found.params if isinstance(option, click.Option))


def test_completion_offers_pipelines_nodes_datasets_and_environments(two_steps: MadeProject) -> None:
    two_steps.write("nodes/other.py", "print('loud')\n")

    def completed(line: str) -> list[str]:
        words = line.split(" ")
        env = {"_MLO_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        done = two_steps.mlo(env=env)
        assert done.stderr == ""
        return [row.partition(",")[2] for row in done.stdout.splitlines() if row]

    assert completed("mlo run ") == ["__default__", "flow", "other"]
    assert completed("mlo run fl") == ["flow"]
    assert completed("mlo run --nodes ") == ["double", "add"]
    assert completed("mlo run --nodes double,a") == ["double,add"]
    assert completed("mlo run --to-outputs r") == ["result"]
    assert completed("mlo run --env b") == ["base"]
    assert completed("mlo pl") == ["plan"]
    two_steps.write("nodes/flow.py", "print('broken'); raise SystemExit(3)\n")
    assert completed("mlo run --nodes ") == []
    two_steps.write("pyproject.toml", "[tool.mlo\n")
    assert completed("mlo run ") == []


def test_runs_are_listed_and_shown(two_steps: MadeProject) -> None:
    assert two_steps.mlo("runs", "list").stdout == "no runs yet: mlo run makes the first one\n"
    assert not (two_steps.root / ".mlo").exists()
    two_steps.mlo("run")
    two_steps.mlo("run", "--params", "amount=3")
    listed = two_steps.mlo("runs", "list").stdout.splitlines()
    assert len(listed) == 3
    newest_only = two_steps.mlo("runs", "list", "-n", "1").stdout.splitlines()
    assert [line.split() for line in newest_only] == [line.split() for line in listed[:2]]
    shown = two_steps.mlo("runs", "show", "last~1").stdout
    assert "never run before" in shown
    assert "mlo run\n" in shown
    newest = two_steps.json("runs", "show")
    assert newest["parameters"]["amount"] == {"value": 3, "where": "--params"}
    assert newest["command"] == "mlo run --params amount=3"


MEMORY = """
import resource
import numpy as np
import pandas as pd
from mlflow_tmpl import Node, run

def make() -> pd.DataFrame:
    return pd.DataFrame({f"c{n}": np.ones(1_250_000) for n in range(10)})

def step(frame: pd.DataFrame) -> pd.DataFrame:
    return frame + 1

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
chain = [Node(step, f"v{n}", f"v{n + 1}", name=f"step{n}") for n in range(10)]
result = run([Node(make, None, "v0"), *chain])
assert result["v10"].iloc[0, 0] == 11
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are in other units elsewhere")
def test_a_chain_over_a_large_frame_holds_two_of_it_and_no_more() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 2.3 * 100e6


def test_a_module_that_puts_a_dumps_of_its_own_into_json_changes_no_record(
    make_project: Callable[..., MadeProject],
) -> None:
    nodes = """
        import json

        def dumps(value):
            raise TypeError("not what you think")

        json.dumps = dumps

        @node(outputs="result")
        def double(number: str, *, times: dict) -> str:
            print("said")
            return number * times["count"]
        """
    catalog = "number: data/number.txt\nresult: data/result.txt\n"
    project = make_project(nodes, catalog, "times: {count: 2}\n", files={"data/number.txt": "1"})
    assert project.json("run")["status"] == "done"
    assert project.json("run", "--params", "times.count=3")["nodes"][0]["reasons"] != []
    assert project.statuses("--params", "times.count=3") == {"double": "reused"}
    assert project.json("plan")["nodes"]
    shown = project.json("runs", "show", "last~1")["nodes"][0]
    assert (shown["status"], shown["reasons"][0]["text"]) == (
        "done",
        "parameter times.count 2 -> 3 (--params)",
    )
    assert "said" in project.mlo("runs", "log", "last~1").stdout
