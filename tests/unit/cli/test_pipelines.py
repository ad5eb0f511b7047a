"""`mlo pipelines`: what there is, and a new one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from tests.conftest import MadeProject

SCHEMAS = Path(__file__).parents[3] / "docs" / "reference" / "schemas"


def test_pipelines_are_listed_with_their_nodes(two_steps: MadeProject) -> None:
    nodes = ["double", "add"]
    assert two_steps.json("pipelines", "list") == [
        {"name": "__default__", "nodes": nodes},
        {"name": "flow", "nodes": nodes},
    ]
    assert "flow         2      double, add" in two_steps.mlo("pipelines", "list").stdout


def test_a_pipeline_is_shown_with_what_it_takes_and_gives(two_steps: MadeProject) -> None:
    told = two_steps.json("pipelines", "show", "flow")
    assert (told["inputs"], told["outputs"], told["parameters"]) == (
        ["number"],
        ["result"],
        ["params:amount"],
    )
    assert told["nodes"][1]["inputs"] == {"doubled": "doubled", "amount": "params:amount"}
    lines = two_steps.mlo("pipelines", "show", "flow", env={"COLUMNS": "80"}).stdout.splitlines()
    assert lines[1] == "  takes       number"
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("command", "schema"),
    [("pipelines list", "pipelines"), ("pipelines show flow", "pipeline"), ("doctor", "doctor")],
)
def test_documents_are_as_they_are_described(two_steps: MadeProject, command: str, schema: str) -> None:
    described = json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(two_steps.json(*command.split()), described)


def test_a_pipeline_that_is_not_there_is_told_with_the_nearest(two_steps: MadeProject) -> None:
    ran = two_steps.mlo("pipelines", "show", "flw")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "there is no pipeline 'flw'" in ran.stderr
    assert "did you mean 'flow'?" in ran.stderr


def test_a_new_pipeline_runs_and_its_test_passes(two_steps: MadeProject) -> None:
    ran = two_steps.mlo("pipelines", "new", "report")
    assert ran.stdout.splitlines() == [
        f"src/{two_steps.package}/nodes/report.py",
        "tests/test_report.py",
    ]
    assert two_steps.statuses()["make_report_result"] == "done"
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=two_steps.root,
        env=clean_environment(PYTHONPATH=str(two_steps.root / "src")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in tested.stdout


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("flow", "already"),
        ("class", "no name for a pipeline"),
        ("a-b", "no name for a pipeline"),
        ("_x", "no name for a pipeline"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused(two_steps: MadeProject, name: str, told: str) -> None:
    before = two_steps.files()
    ran = two_steps.mlo("pipelines", "new", name)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert two_steps.files() == before
