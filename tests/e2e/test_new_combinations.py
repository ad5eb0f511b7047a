from __future__ import annotations

import json
import os
import sys
from itertools import combinations, product

import pytest

from mlflow_tmpl.scaffold import ADD_ONS, STARTERS, Request, new_project

from .scaffolding import ENVIRONMENT, call, mlo, paths_in

LONG = "p" * 40
EVERY_SUBSET = [subset for size in range(len(ADD_ONS) + 1) for subset in combinations(ADD_ONS, size)]
COVERING = [
    ("penguins", ("lint", "tests", "docs", "docker", "ci")),
    ("penguins", ("lint", "tests", "notebook")),
    ("penguins", ("docs", "docker", "notebook")),
    ("default", ("lint", "docs", "ci", "notebook")),
    ("default", ("tests", "docker", "ci")),
    ("default", ()),
]
"""Every pair of choices, a starter or an add-on that is in or out, occurs together in one of these."""


def lint(folder):
    for command in (["check"], ["format", "--check"]):
        ended = call([sys.executable, "-m", "ruff", *command, "--no-cache", "."], folder)
        assert ended.returncode == 0, ended.stdout


def test_the_covering_set_covers_every_pair():
    choices = [
        {"starter": starter, **{name: name in given for name in ADD_ONS}} for starter, given in COVERING
    ]
    for first, second in combinations(("starter", *ADD_ONS), 2):
        wanted = product(STARTERS if first == "starter" else (True, False), (True, False))
        assert set(wanted) == {(choice[first], choice[second]) for choice in choices}


def test_every_combination_passes_its_own_lint_however_long_its_package_is_called(tmp_path):
    with_lint = [subset for subset in EVERY_SUBSET if "lint" in subset]
    for number, (starter, add_ons) in enumerate(product(STARTERS, with_lint)):
        package = LONG if number % 2 else "p"
        new_project(Request(f"n{number}", package, starter=starter, add_ons=add_ons, parent=tmp_path))
    lint(tmp_path)


@pytest.mark.parametrize(("starter", "add_ons"), COVERING)
def test_a_combination_passes_its_own_tests_and_runs(tmp_path, starter, add_ons):
    project = new_project(Request("Mine", starter=starter, add_ons=add_ons, parent=tmp_path)).path
    before = paths_in(project)
    lint(project)
    tested = call([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], project)
    assert tested.returncode == 0, tested.stdout
    assert paths_in(project) == before
    ran = mlo(project, "run")
    assert ran.returncode == 0, ran.stderr


def test_a_project_runs_from_any_folder_inside_it(tmp_path):
    project = new_project(Request("mine", parent=tmp_path)).path
    assert mlo(project / "src" / "mine", "run").returncode == 0
    assert mlo(project / "data" / "01_raw", "run").stdout.startswith("nothing to do")


def test_the_penguins_give_metrics_and_a_picture(tmp_path):
    project = new_project(Request("mine", starter="penguins", parent=tmp_path)).path
    assert mlo(project, "run").returncode == 0
    metrics = json.loads((project / "data/08_reporting/metrics.json").read_text())
    assert set(metrics) == {"accuracy", "f1_adelie", "f1_chinstrap", "f1_gentoo"}
    assert metrics["accuracy"] > 0.95
    assert (project / "data/08_reporting/confusion_matrix.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("starter", STARTERS)
@pytest.mark.parametrize("arguments", [["plan"], ["viz"], ["run"]])
def test_the_commands_of_the_readme_work_in_a_new_project(tmp_path, starter, arguments):
    project = new_project(Request("mine", starter=starter, parent=tmp_path)).path
    assert "mlo " + arguments[0] in (project / "README.md").read_text()
    ended = mlo(project, *arguments)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", ["preparation", "modelling", "reporting"])
def test_each_pipeline_that_the_readme_names_is_there(tmp_path, name):
    project = new_project(Request("mine", starter="penguins", parent=tmp_path)).path
    assert f"`{name}`" in (project / "README.md").read_text()
    ended = mlo(project, "viz", name)
    assert ended.returncode == 0, ended.stderr


def test_without_the_example_a_project_is_sound(tmp_path):
    project = new_project(Request("mine", add_ons=ADD_ONS, parent=tmp_path)).path
    for line in (project / "README.md").read_text().splitlines():
        if line.startswith("- `"):
            (project / line[3:-1]).unlink()
    assert not [path for path in paths_in(project) if "example" in path]
    for tool in (
        ["ruff", "check", "--no-cache"],
        ["ruff", "format", "--check", "--no-cache"],
        ["pytest", "-q"],
    ):
        ended = call([sys.executable, "-m", *tool], project)
        assert ended.returncode == 0, ended.stdout


def test_the_notebook_runs_from_where_it_lies(tmp_path):
    project = new_project(Request("mine", add_ons=("notebook",), parent=tmp_path)).path
    cells = json.loads((project / "notebooks" / "explore.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) == 2
    script = "\n".join([*code, "print(result.status, sorted(project.catalog))"])
    ended = call([sys.executable, "-c", script], project / "notebooks")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split()[0] == "done"


def test_a_project_runs_just_as_well_when_its_package_is_on_the_path_already(tmp_path):
    project = new_project(Request("mine", parent=tmp_path)).path
    (project / "src").rename(tmp_path / "installed")
    environment = {
        **ENVIRONMENT,
        "PYTHONPATH": f"{ENVIRONMENT['PYTHONPATH']}{os.pathsep}{tmp_path / 'installed'}",
    }
    ended = call([sys.executable, "-m", "mlflow_tmpl.cli.main", "run"], project, environment)
    assert ended.returncode == 0, ended.stderr
