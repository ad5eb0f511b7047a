"""What was loaded once is remembered: nothing is imported that need not be, and nothing is ever stale for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import MadeProject, clean_environment

from .code_edits import DYNAMIC, NOT_REACHED, OUTSIDE, PROJECT, REACHED, Edit
from .definition_edits import ACROSS, GRAIN
from .test_incremental import _placed

if TYPE_CHECKING:
    from collections.abc import Callable

    from .incremental import Lab

EDITS = [*REACHED, *OUTSIDE, *GRAIN, *ACROSS, *NOT_REACHED, *DYNAMIC][::17]
IMPORTED = "flow is imported"
NODES = f"""
    import sys

    print("{IMPORTED}", file=sys.stderr)

    @node(outputs="doubled")
    def double(number: str) -> str:
        return str(2 * int(number))

    @node(outputs="result")
    def add(doubled: str, *, amount: int) -> str:
        return str(int(doubled) + amount)
    """
CATALOG = "number: data/number.txt\ndoubled: data/doubled.txt\nresult: data/result.txt\n"


@pytest.fixture
def flow(make_project: Callable[..., MadeProject]) -> MadeProject:
    """A project that says when its nodes are imported, and was run once."""
    made = make_project(NODES, CATALOG, "amount: 1\n", files={"data/number.txt": "20"})
    assert IMPORTED in made.mlo("run").stderr
    return made


def _imports(made: MadeProject, *arguments: str, **environment: str) -> bool:
    ran = made.mlo(*arguments, env=environment)
    assert ran.returncode == 0, ran.stderr
    return IMPORTED in ran.stderr


@pytest.mark.parametrize(
    "command", ["run", "plan", "viz", "viz --json", "catalog list", "pipelines list", "run --to-nodes=add"]
)
def test_what_needs_no_function_imports_none(flow: MadeProject, command: str) -> None:
    flow.mlo(*command.split())
    assert not _imports(flow, *command.split())


def test_completing_names_imports_nothing(flow: MadeProject) -> None:
    asked = {"_MLO_COMPLETE": "bash_complete", "COMP_WORDS": "mlo run --nodes ", "COMP_CWORD": "3"}
    assert sorted(flow.mlo(env=asked).stdout.split()) == ["plain,add", "plain,double"]
    code = f"""
import sys
from mlflow_tmpl.cli.completion import names_of
print(names_of("nodes", {{}}, ""), "{flow.package}.nodes.flow" in sys.modules)
"""
    for _ in range(2):
        told = subprocess.run(
            [sys.executable, "-c", code],
            cwd=flow.root,
            env=clean_environment(),
            text=True,
            capture_output=True,
            check=True,
        )
    assert told.stdout.split() == ["['double',", "'add']", "False"]


def test_pictures_of_remembered_nodes_are_those_of_loaded_ones(flow: MadeProject) -> None:
    remembered = flow.mlo("viz", "--json").stdout
    shutil.rmtree(flow.root / ".mlo" / "cache")
    assert json.loads(flow.mlo("viz", "--json").stdout) == json.loads(remembered)


def test_a_changed_parameter_is_planned_without_imports_once_it_was_checked(flow: MadeProject) -> None:
    flow.write("conf/base/parameters.yml", "amount: 2\n")
    assert _imports(flow, "plan")
    assert not _imports(flow, "plan")
    assert flow.statuses() == {"double": "reused", "add": "done"}
    assert (flow.root / "data/result.txt").read_text() == "42"


def test_a_parameter_of_the_wrong_type_is_refused_every_time(flow: MadeProject) -> None:
    flow.write("conf/base/parameters.yml", "amount: many\n")
    for _ in range(2):
        ran = flow.mlo("plan")
        assert ran.returncode == 2
        assert "parameter 'amount'" in ran.stderr


def test_a_result_that_is_gone_is_made_with_the_function_itself(flow: MadeProject) -> None:
    (flow.root / "data/result.txt").unlink()
    shutil.rmtree(flow.root / ".mlo" / "store")
    assert flow.statuses() == {"double": "reused", "add": "done"}


def test_an_edited_module_is_loaded(flow: MadeProject) -> None:
    file = flow.root / "src" / flow.package / "nodes/flow.py"
    file.write_text(file.read_text().replace("2 * int", "3 * int"))
    assert _imports(flow, "plan")
    assert flow.statuses() == {"double": "done", "add": "done"}


def test_a_module_that_was_only_touched_is_not_loaded(flow: MadeProject) -> None:
    (flow.root / "src" / flow.package / "nodes/flow.py").touch()
    assert not _imports(flow, "run")


def test_a_new_module_is_found(flow: MadeProject) -> None:
    flow.write(
        "nodes/more.py", "from mlflow_tmpl import node\n\n@node(outputs='z')\ndef more(result): return 1\n"
    )
    assert "more" in flow.statuses()


def _registered(flow: MadeProject, body: str, first: str = "double") -> None:
    text = f"from mlflow_tmpl import Node, Pipeline\nfrom {flow.package}.nodes.flow import add, double\n"
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (flow.root / "src" / flow.package / "pipelines.py").write_text(
        f"{text}\ndef register_pipelines():\n{lines}\n"
        f"    return {{'__default__': Pipeline([{first}, Node(add, outputs='result', name=name)])}}\n"
    )


def _names(flow: MadeProject, **environment: str) -> list[str]:
    return [node["name"] for node in flow.json("plan", env=environment)["nodes"]]


def test_a_file_that_is_read_while_pipelines_are_made_counts(flow: MadeProject) -> None:
    flow.write("names/one.txt", "first")
    _registered(flow, "import os\nname = open(os.sep.join(['names', 'o' + 'ne.txt'])).read()")
    assert _names(flow) == ["double", "first"]
    assert not _imports(flow, "plan")
    flow.write("names/one.txt", "second")
    assert _names(flow) == ["double", "second"]


def test_a_folder_that_is_listed_while_pipelines_are_made_counts(flow: MadeProject) -> None:
    flow.write("names/one.txt", "")
    _registered(flow, "import os\nname = 'n' + str(len(os.listdir('na' + 'mes')))")
    assert _names(flow) == ["double", "n1"]
    assert not _imports(flow, "plan")
    flow.write("names/two.txt", "")
    assert _names(flow) == ["double", "n2"]


def test_a_file_that_is_only_asked_about_counts(flow: MadeProject) -> None:
    _registered(flow, "import os\nname = 'there' if os.path.exists('fl' + 'ag') else 'gone'")
    assert _names(flow) == ["double", "gone"]
    assert not _imports(flow, "plan")
    flow.write("flag", "")
    assert _names(flow) == ["double", "there"]


@pytest.mark.parametrize("read", ["os.environ.get(key, 'unset')", "os.getenv(key, 'unset')"])
def test_an_environment_variable_that_is_read_counts(flow: MadeProject, read: str) -> None:
    _registered(flow, f"import os\nkey = 'FLOW_' + 'NAME'\nname = {read}")
    assert _names(flow) == ["double", "unset"]
    assert not _imports(flow, "plan")
    assert _names(flow, FLOW_NAME="given") == ["double", "given"]


def test_parameters_that_pipelines_are_made_from_count(flow: MadeProject) -> None:
    _registered(flow, "name = params['label']")
    file = flow.root / "src" / flow.package / "pipelines.py"
    file.write_text(file.read_text().replace("register_pipelines()", "register_pipelines(params)"))
    flow.write("conf/base/parameters.yml", "amount: 1\nlabel: one\n")
    assert _names(flow) == ["double", "one"]
    assert not _imports(flow, "plan")
    assert [each["name"] for each in flow.json("plan", "--params=label=two")["nodes"]] == ["double", "two"]
    flow.write("conf/base/parameters.yml", "amount: 1\nlabel: three\n")
    assert _names(flow) == ["double", "three"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import time\nname = f'at{time.time_ns()}'", "time.time_ns()"),
        (
            "from datetime import datetime\nname = f'at{datetime.now().microsecond}'",
            "datetime.datetime.now()",
        ),
        ("import random\nname = f'r{random.random()}'", "random.random()"),
        ("import os\nname = f'p{os.getpid()}'", "os.getpid()"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-V'])\nname = 'x'", "starts a process"),
        ("import socket\nsocket.gethostname()\nname = 'x'", "asks for the name of the machine"),
        ("import os\nname = f'n{len(dict(os.environ))}'", "reads all environment variables"),
        ("import os\nos.environ['FLOW_' + 'X'] = '1'\nname = 'x'", "sets an environment variable"),
        ("open('left' + 'over', 'w').close()\nname = 'x'", "writes 'leftover'"),
    ],
    ids=["clock", "date", "chance", "process id", "process", "host", "environment", "setting", "writing"],
)
def test_what_cannot_be_traced_is_loaded_every_time(flow: MadeProject, body: str, why: str) -> None:
    _registered(flow, body)
    _names(flow)
    assert _imports(flow, "plan")
    told = flow.json("doctor")
    found = next(each for each in told["checks"] if each["name"] == "remembered pipelines")
    assert why in found["message"]


def test_what_others_do_while_they_are_imported_does_not_count(flow: MadeProject) -> None:
    _registered(flow, "import pandas, uuid\nname = 'x'")
    _names(flow)
    assert not _imports(flow, "plan")


def test_a_damaged_definition_is_as_good_as_none(flow: MadeProject) -> None:
    (file,) = (flow.root / ".mlo/cache/definitions").glob("*.json")
    file.write_text(file.read_text()[:-7])
    assert _imports(flow, "run")
    assert not _imports(flow, "run")


def test_functions_without_a_name_are_remembered_too(flow: MadeProject) -> None:
    _registered(flow, "name = 'x'", "Node(lambda number: number, 'number', 'doubled', name='double')")
    assert flow.statuses() == {"double": "done", "x": "done"}
    assert not _imports(flow, "run")


@pytest.mark.parametrize("edit", EDITS, ids=[edit.what.replace(" ", "-") for edit in EDITS])
def test_a_plan_from_memory_is_the_plan_that_loading_gives(lab: Lab, edit: Edit) -> None:
    lab.write({**PROJECT, **_placed(edit.before)}).run()
    lab.write(_placed(edit.after))
    lab.environ.update(edit.environ)

    def plan() -> Any:
        ran = lab.commands(lab.root, "plan", "--json", environ=lab.environ)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    first, remembered = plan(), plan()
    shutil.rmtree(lab.root / ".mlo/cache/definitions", ignore_errors=True)
    assert first == remembered == plan()
