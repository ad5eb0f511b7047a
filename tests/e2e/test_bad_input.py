"""What cannot work is told in one line before anything happens: what, where, and what to do."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import MadeProject

NODES = """
    @node(outputs="doubled")
    def double(number: str) -> str:
        return str(2 * int(number))

    @node(outputs="result")
    def add(doubled: str, *, amount: int) -> str:
        return str(int(doubled) + amount)
    """
CATALOG = "number: data/number.txt\ndoubled: data/doubled.txt\nresult: data/result.txt\n"
AT = "src/{package}/nodes/flow.py:"

Build = dict[str, object]

CASES: dict[str, tuple[Build, str, str]] = {
    "malformed YAML": (
        {"catalog": "number: {a: [1\nresult: x.txt\n"},
        "conf/base/catalog.yml:2:7: this is not YAML: did not find expected ',' or ']'",
        "",
    ),
    "a tab for indentation": (
        {"catalog": "number:\n\ttype: text\n"},
        "conf/base/catalog.yml:2:1: ",
        "indent with spaces",
    ),
    "a duplicate key": (
        {"parameters": "amount: 1\namount: 2\n"},
        "conf/base/parameters.yml:2:1: key 'amount' is given twice, first at conf/base/parameters.yml:1:1",
        "",
    ),
    "a type that does not exist": (
        {"catalog": CATALOG.replace("number: data/number.txt", "number: {type: txt, filepath: a.txt}")},
        "conf/base/catalog.yml:1:16: dataset 'number' has an unknown type 'txt'",
        "did you mean 'text'?",
    ),
    "a key that a type does not know": (
        {"catalog": CATALOG + "other: {type: text, filpath: a.txt}\n"},
        "conf/base/catalog.yml:4:21: dataset 'other' has a key 'filpath' that its type does not know",
        "did you mean 'filepath'?",
    ),
    "an input that nothing makes": (
        {"nodes": NODES.replace("def double(number", "def double(numbr")},
        AT + "4: dataset 'numbr' of node 'double' is made by no node and is not in the catalog",
        "did you mean 'number'?",
    ),
    "an input file that is not there": (
        {"catalog": CATALOG.replace("number.txt", "numbers.txt")},
        "conf/base/catalog.yml:1:9: dataset 'number': data/numbers.txt does not exist",
        "",
    ),
    "a cycle": (
        {"nodes": NODES.replace("def double(number", "def double(result")},
        AT + "4: nodes need each other: ",
        "break the circle at one of these datasets",
    ),
    "two nodes with one output": (
        {"nodes": NODES.replace('"result"', '"doubled"')},
        AT + "8: dataset 'doubled' is made by node 'double' (src/",
        "one dataset has one producer: rename one of the outputs",
    ),
    "two nodes of one name": (
        {"nodes": NODES.replace('outputs="result"', 'outputs="result", name="double"')},
        AT + "8: two nodes are named 'double'",
        "give one of them name=",
    ),
    "a parameter that is missing": (
        {"parameters": "amout: 1\n"},
        AT + "8: parameter 'amount' of node 'add' is not set",
        "did you mean 'amout'?",
    ),
    "a parameter of the wrong type": (
        {"parameters": "amount: many\n"},
        "conf/base/parameters.yml:1:9: parameter 'amount' must be an integer, but is text 'many'",
        "",
    ),
    "a module that cannot be imported": (
        {"nodes": "import pandaz\n"},
        AT
        + "3: module '{package}.nodes.flow' cannot be imported: ModuleNotFoundError: No module named 'pandaz'",
        "pip install the package that has 'pandaz'",
    ),
    "types that contradict each other": (
        {
            "nodes": NODES.replace("doubled: str", "doubled: int"),
            "catalog": CATALOG.replace("doubled", "other"),
        },
        AT + "8: node 'double' gives 'doubled' as str, and node 'add' takes it as int",
        "change one of the two annotations",
    ),
    "a coroutine": (
        {"nodes": NODES.replace("def double", "async def double")},
        AT + "4: node function 'double' is a coroutine function",
        "make it a plain function",
    ),
    "a setting that is not known": (
        {"settings": 'enviroment = "prod"\n'},
        "pyproject.toml:3: [tool.mlo] has an unknown key 'enviroment'",
        "did you mean 'environment'?",
    ),
    "an engine of the settings that is not there": (
        {"settings": '[tool.mlo.defaults]\nengine = "thread"\n'},
        "there is no engine 'thread'",
        "did you mean 'threads'?",
    ),
    "two outputs in one place": (
        {"catalog": CATALOG.replace("data/result.txt", "data/../data/doubled.txt")},
        "conf/base/catalog.yml:3:9: datasets 'doubled' and 'result' would be saved to the same place",
        "the other is declared at conf/base/catalog.yml:2:10",
    ),
    "a file where a folder is needed": (
        {"catalog": CATALOG.replace("data/result.txt", "data/number.txt/result.txt")},
        (
            "conf/base/catalog.yml:3:9: dataset 'result' cannot be saved to data/number.txt/result.txt: "
            "number.txt is a file, not a folder"
        ),
        "",
    ),
    "a generator where nothing can be appended": (
        {
            "nodes": NODES.replace("return str(2", "yield str(2"),
            "catalog": CATALOG.replace("doubled.txt", "doubled.json"),
        },
        AT + "4: node 'double' yields its output in chunks, and dataset 'doubled' cannot append them",
        "save it as csv or text, or return one value",
    ),
}

OPTIONS: dict[tuple[str, ...], tuple[str, str]] = {
    ("run", "--from-nodes", "dubble"): (
        "there is no node 'dubble' in the pipeline",
        "did you mean 'double'?",
    ),
    ("run", "--to-nodes=ad"): ("there is no node 'ad' in the pipeline", "did you mean 'add'?"),
    ("run", "--nodes", "double,ad"): ("there is no node 'ad' in the pipeline", "did you mean 'add'?"),
    ("run", "--from-inputs", "numbr"): (
        "there is no input dataset 'numbr' in the pipeline",
        "did you mean 'number'?",
    ),
    ("run", "--to-outputs", "reslt"): (
        "there is no output dataset 'reslt' in the pipeline",
        "did you mean 'result'?",
    ),
    ("run", "--tags", "slow"): ("there is no tag 'slow' in the pipeline", "it has no tag"),
    ("run", "--namespaces", "far"): ("there is no namespace 'far' in the pipeline", "it has no namespace"),
    ("run", "--nodes", "add", "--to-nodes", "double"): (
        "nothing is left of the pipeline with --to-nodes=double --nodes=add",
        "loosen one of these options",
    ),
    ("run", "flo"): ("there is no pipeline 'flo'", "did you mean 'flow'?"),
    ("run", "--force=ad"): ("there is no node 'ad' to force", "did you mean 'add'?"),
    ("run", "--engine", "thread"): ("there is no engine 'thread'", "did you mean 'threads'?"),
    ("run", "--engine", "inline", "-j", "2"): (
        "the inline engine runs one node at a time, not 2",
        "give --engine threads",
    ),
    ("run", "-j", "0"): ("0 jobs cannot run anything", "give at least 1"),
    ("run", "-j", "two"): (
        "invalid value for '-j' / '--jobs': 'two' is not a valid integer",
        "mlo run --help shows how",
    ),
    ("run", "-e", "prod"): ("environment 'prod' is unknown", "known are base, local"),
    ("run", "--params", "amont=3"): (
        "--params: no parameter is named 'amont', and no node takes it",
        "did you mean 'amount'?",
    ),
    ("run", "--params", "amount"): ("--params: 'amount' sets nothing", "write key=value"),
    ("run", "--params", "amount=[1"): ("--params: 'amount=[1' cannot be taken: ", ""),
    ("run", "--params", "amount=yes"): ("--params: 'amount=yes' cannot be taken: ", ""),
    ("run", "--params", "amount=x"): ("--params: parameter 'amount' must be an integer, but is text 'x'", ""),
    ("run", "--params-file", "no.yml"): ("there is no file 'no.yml'", "give --params-file a YAML file"),
    ("run", "--engin", "inline"): ("there is no option '--engin'", "did you mean '--engine'?"),
    ("run", "--zzz"): ("there is no option '--zzz'", "mlo run --help shows how"),
    ("run", "--nodes"): ("option '--nodes' requires an argument", "mlo --help shows how"),
    ("run", "--project", "nowhere"): (
        "the folder 'nowhere' does not exist",
        "give --project the folder of a project",
    ),
    ("rum",): ("there is no command 'rum'", "did you mean 'run'?"),
    ("runs", "lst"): ("there is no command 'lst'", "did you mean 'list'?"),
    ("runs", "show", "zz"): ("there is no run 'zz'", "mlo run makes the first one"),
    ("runs", "list", "-n", "0"): (
        "invalid value for '-n' / '--limit': 0 is not in the range x>=1",
        "mlo runs list --help shows how",
    ),
    ("plan", "--force"): ("there is no option '--force'", "mlo plan --help shows how"),
}


def refused(project: MadeProject, *arguments: str, **options: object) -> tuple[str, str]:
    """Run what has to be refused, and return the line and the hint."""
    before = project.files()
    done = project.mlo(*arguments, **options)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    line, *hints = done.stderr.splitlines()
    assert line.startswith("error: "), done.stderr
    assert not line.endswith(".")
    assert all(hint.startswith("  hint: ") for hint in hints)
    assert len(hints) <= 1
    assert project.files() == before
    return line.removeprefix("error: "), hints[0].removeprefix("  hint: ") if hints else ""


@pytest.fixture
def sound(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(NODES, CATALOG, "amount: 1\n", files={"data/number.txt": "20"})


PLANNED = ("a cycle", "an input file that is not there", "a parameter of the wrong type")


@pytest.mark.parametrize(
    ("case", "command"), [*((case, "run") for case in CASES), *((case, "plan") for case in PLANNED)]
)
def test_a_project_that_cannot_work_is_refused_in_a_line(
    make_project: Callable[..., MadeProject], case: str, command: str
) -> None:
    build, message, hint = CASES[case]
    sound: Build = {"nodes": NODES, "catalog": CATALOG, "parameters": "amount: 1\n"}
    project = make_project(**{**sound, **build}, files={"data/number.txt": "20"})
    line, told = refused(project, command)
    assert line.replace(os.sep, "/").startswith(message.format(package=project.package)), line
    assert told.startswith(hint) if hint else True, told


@pytest.mark.parametrize("arguments", OPTIONS, ids=" ".join)
def test_options_that_cannot_work_are_refused_in_a_line(
    sound: MadeProject, arguments: tuple[str, ...]
) -> None:
    message, hint = OPTIONS[arguments]
    line, told = refused(sound, *arguments)
    assert line.startswith(message)
    assert told == hint if hint else True


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_refused_command_leaves_stdout_empty_with_json_too(sound: MadeProject, command: str) -> None:
    sound.write("conf/base/parameters.yml", "amount: many\n")
    refused(sound, command, "--json")


def test_outside_a_project_is_told(sound: MadeProject, tmp_path: Path) -> None:
    line, hint = refused(sound, "run", cwd=tmp_path)
    assert line == f"{str(tmp_path.resolve())!r} is not in a project"
    assert hint == "go to a folder whose pyproject.toml has [tool.mlo], or make one: mlo new"


def test_a_package_that_is_not_installed_is_told_with_what_installs_it(sound: MadeProject) -> None:
    sound.write("conf/base/catalog.yml", CATALOG.replace("data/result.txt", "data/result.parquet"))
    # A path that hides the package: the interpreter finds a folder of our own in its place, and nothing in it.
    sound.write("hide/sitecustomize.py", "import sys\nsys.modules['pyarrow'] = None\n")
    line, hint = refused(sound, "run", env={"PYTHONPATH": str(sound.root / "hide")})
    assert line == "conf/base/catalog.yml:3:9: dataset 'result' needs the package 'pyarrow'".replace(
        "/", os.sep
    )
    assert hint == "pip install 'mlflow-tmpl[parquet]'"


def keep_to_permissions() -> None:
    """Give up, in a child, what lets the superuser write everywhere."""
    import ctypes

    drop_from_bounding_set, override, read_search = 24, 1, 2
    for capability in (override, read_search):
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="takes the superuser's rights away by a call of Linux")
@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("data", "conf/base/catalog.yml:2:10: dataset 'doubled' cannot be saved to data/doubled.txt: "),
        (".", ".mlo: the folder of the ledger cannot be made: Permission denied"),
    ],
)
def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(
    sound: MadeProject, folder: str, message: str
) -> None:
    (sound.root / folder).chmod(0o555)
    try:
        line, _ = refused(sound, "run", preexec_fn=keep_to_permissions)
    finally:
        (sound.root / folder).chmod(0o755)
    assert line.startswith(message)


def test_several_wrong_parameters_are_told_at_once(sound: MadeProject) -> None:
    sound.write(
        "nodes/flow.py",
        """
        from mlflow_tmpl import node

        @node(outputs="a")
        def make(*, one: int, two: int) -> int:
            return one + two
        """,
    )
    sound.write("conf/base/parameters.yml", "one: x\n")
    done = sound.mlo("run")
    head, *lines = done.stderr.splitlines()
    assert head == "error: 2 parameters are not as the nodes need them:"
    assert "parameter 'one' must be an integer" in lines[0]
    assert "parameter 'two' of node 'make' is not set" in lines[1]


@pytest.mark.parametrize("folder", ["with a space", "übung ☂ データ", "quo'te"])
def test_a_project_may_lie_anywhere(make_project: Callable[..., MadeProject], folder: str) -> None:
    project = make_project(NODES, CATALOG, "amount: 1\n", folder=folder, files={"data/number.txt": "20"})
    assert project.mlo("run").returncode == 0
    assert (project.root / "data" / "result.txt").read_text() == "41"
    assert project.statuses() == {"double": "reused", "add": "reused"}
    assert project.mlo("plan", "--project", str(project.root), cwd=project.root.parent).returncode == 0
