"""A past run once more: its parameters, its data, its code, and what is said where that cannot be."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from .test_survives import wait_for

if TYPE_CHECKING:
    from tests.conftest import MadeProject

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


@pytest.fixture
def changed(two_steps: MadeProject) -> MadeProject:
    """A project whose code, parameters and input have all changed since its first run, in which 20 gave 41."""
    assert two_steps.mlo("run").returncode == 0
    source = (two_steps.root / "src" / two_steps.package / "nodes" / "flow.py").read_text()
    two_steps.write("nodes/flow.py", source.replace("2 * int", "3 * int"))
    two_steps.write("conf/base/parameters.yml", "amount: 100\n")
    two_steps.write("data/number.txt", "7")
    assert two_steps.mlo("run").returncode == 0
    assert (two_steps.root / "data/result.txt").read_text() == "121"
    return two_steps


def first(project: MadeProject) -> str:
    return str(project.json("runs", "list")[-1]["id"])


def test_the_code_of_then_gives_what_it_gave_though_nothing_was_ever_committed(changed: MadeProject) -> None:
    before = changed.files()
    done = changed.mlo("runs", "rerun", first(changed), "--code", "then")
    assert done.returncode == 0, done.stderr
    assert "  the same:   doubled, result" in done.stdout.splitlines()
    assert "different" not in done.stdout
    assert changed.files() == before
    assert not list((changed.root / ".mlo" / "reruns").iterdir())


def test_the_code_of_today_gets_the_parameters_and_the_data_of_then(changed: MadeProject) -> None:
    document = changed.json("runs", "rerun", first(changed))
    jsonschema.validate(document, json.loads((SCHEMAS / "rerun.schema.json").read_text()))
    assert (document["status"], document["code"], document["different"]) == (
        "done",
        "today",
        ["doubled", "result"],
    )
    (note,) = document["notes"]
    assert note.startswith("code and configuration are today's: conf/base/parameters.yml, src/flow_")
    record = changed.json("runs", "show", document["id"])
    assert (record["cause"], record["parent"]) == ("rerun", document["run"])
    assert record["parameters"]["amount"]["value"] == 1
    store = changed.open().shelf.store
    made = changed.open().ledger.version("result", document["id"])
    assert store.read(made) == b"61"


def test_a_repetition_leaves_the_plan_of_the_project_alone(changed: MadeProject) -> None:
    changed.mlo("runs", "rerun", first(changed), "--code", "then")
    assert changed.statuses() == {"double": "reused", "add": "reused"}
    changed.write("conf/base/parameters.yml", "amount: 101\n")
    (_, add) = changed.json("plan")["nodes"]
    assert [reason["text"] for reason in add["reasons"]] == [
        "parameter amount 100 -> 101 (conf/base/parameters.yml:1:9)"
    ]


def test_an_input_that_was_not_kept_is_said(changed: MadeProject) -> None:
    project = changed.open()
    project.shelf.store.remove(project.ledger.version("number", first(changed)))
    document = changed.json("runs", "rerun", first(changed), "--code", "then")
    assert document["notes"] == ["input 'number' of then is not in the store: today's is taken"]
    assert document["different"] == ["doubled", "result"]


def test_an_input_that_is_nowhere_is_refused_and_makes_no_run(changed: MadeProject) -> None:
    project = changed.open()
    project.shelf.store.remove(project.ledger.version("number", first(changed)))
    (changed.root / "data/number.txt").unlink()
    done = changed.mlo("runs", "rerun", first(changed), "--code", "then")
    assert done.returncode == 2
    assert "input 'number' of then is not in the store, and there is none today" in done.stderr
    assert len(changed.json("runs", "list")) == 2


def test_parameters_that_came_and_went_are_said(changed: MadeProject) -> None:
    changed.write("conf/base/parameters.yml", "sum: 5\n")
    source = (changed.root / "src" / changed.package / "nodes" / "flow.py").read_text()
    changed.write("nodes/flow.py", source.replace("amount", "sum"))
    notes = changed.json("runs", "rerun", first(changed))["notes"]
    assert "parameters that there are no longer: amount" in notes
    assert "parameters that there were not then have today's value: sum" in notes


def test_an_output_outside_of_the_project_is_refused(changed: MadeProject, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    catalog = changed.root / "conf/base/catalog.yml"
    catalog.write_text(catalog.read_text().replace("data/result.txt", str(outside)))
    done = changed.mlo("runs", "rerun", first(changed))
    assert done.returncode == 2
    assert "output 'result' lies outside of the project, at " in done.stderr
    assert not outside.exists()


def test_a_node_that_fails_again_makes_a_failed_run(changed: MadeProject) -> None:
    source = (changed.root / "src" / changed.package / "nodes" / "flow.py").read_text()
    changed.write("nodes/flow.py", source.replace("return str(int(doubled)", "raise ValueError(int(doubled)"))
    done = changed.mlo("runs", "rerun", first(changed))
    assert done.returncode == 1
    assert ": failed" in done.stdout
    assert "node 'add' failed" in done.stderr
    assert changed.json("runs", "list")[0]["status"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "there is no run 'nowhere'"),
        (("last", "--code", "thn"), "there is no code of 'thn'"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed: MadeProject, arguments: tuple[str, ...], said: str) -> None:
    done = changed.mlo("runs", "rerun", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_credentials_and_the_local_layer_are_never_recorded(two_steps: MadeProject) -> None:
    two_steps.write("conf/local/credentials.yml", "lake: {key: hunter2-secret}\n")
    two_steps.write("conf/base/credentials.yml", "pond: {key: hunter2-secret}\n")
    two_steps.mlo("run")
    database = two_steps.open().ledger
    files = database.surroundings(first(two_steps)).files
    assert "conf/base/catalog.yml" in files
    assert not [name for name in files if "credentials" in name or "local" in name]
    assert not [
        source
        for (source,) in database.rows("SELECT id FROM source")
        if b"hunter2" in database.source(source)
    ]


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of POSIX")
@pytest.mark.parametrize("tell", ["all of its processes", "itself alone"])
def test_a_repetition_that_is_interrupted_is_on_record_as_cancelled(
    two_steps: MadeProject, tell: str
) -> None:
    assert two_steps.mlo("run").returncode == 0
    source = (two_steps.root / "src" / two_steps.package / "nodes" / "flow.py").read_text()
    mark = two_steps.root.parent / "began"
    slow = f"(open({str(mark)!r}, 'w').close() or __import__('time').sleep(60) or 2) * int"
    two_steps.write("nodes/flow.py", source.replace("2 * int", slow))
    repeating = two_steps.start("runs", "rerun", "last", "--code", "today", start_new_session=True)
    wait_for(mark)
    (os.kill if tell == "itself alone" else os.killpg)(repeating.pid, signal.SIGINT)
    repeating.communicate(timeout=30)
    assert repeating.returncode == 130
    assert [run["status"] for run in two_steps.json("runs", "list")] == ["cancelled", "done"]
    assert not list((two_steps.root / ".mlo" / "reruns").iterdir())
