from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from mlflow_tmpl.errors import MloError
from mlflow_tmpl.scaffold.answers import Answers
from mlflow_tmpl.scaffold.new import new_project
from mlflow_tmpl.scaffold.shelf import ADD_ONS, STARTERS

LAYERS = [
    "01_raw",
    "02_intermediate",
    "03_primary",
    "04_feature",
    "05_model_input",
    "06_models",
    "07_model_output",
    "08_reporting",
]


def made(request) -> set[str]:
    """Make a project and return the paths of its files."""
    path = new_project(request).path
    return {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("starter", STARTERS)
def test_every_starter_has_the_standard_layout(request_for, starter):
    files = made(request_for(starter, name="My Study"))
    assert files >= {
        *(f"data/{layer}/.gitkeep" for layer in LAYERS),
        *(f"conf/{layer}/{name}.yml" for layer in ("base", "local") for name in ("catalog", "parameters")),
        "conf/local/credentials.yml",
        "notebooks/.gitkeep",
        "src/my_study/__init__.py",
        "src/my_study/nodes/__init__.py",
        "tests/test_project.py",
        "pyproject.toml",
        "README.md",
        ".gitignore",
    }


@pytest.mark.parametrize(
    ("add_on", "file"),
    [
        ("tests", "tests/test_example.py"),
        ("docs", "docs/conf.py"),
        ("docker", "Dockerfile"),
        ("docker", ".dockerignore"),
        ("ci", ".github/workflows/ci.yml"),
        ("notebook", "notebooks/explore.ipynb"),
    ],
)
def test_an_add_on_brings_its_files_and_no_other_does(request_for, add_on, file):
    assert file in made(request_for(name="with", package="one", add_ons=(add_on,)))
    others = tuple(name for name in ADD_ONS if name != add_on)
    assert file not in made(request_for(name="without", add_ons=others))


@pytest.mark.parametrize(("add_ons", "there"), [(("lint",), True), (("tests",), False)])
def test_lint_is_a_table_in_pyproject(request_for, here, add_ons, there):
    new_project(request_for(name="mine", add_ons=add_ons))
    text = (here / "mine" / "pyproject.toml").read_text()
    assert ("[tool.ruff]" in text, '"ruff>=' in text) == (there, there)


@pytest.mark.parametrize(
    ("add_ons", "commands"),
    [
        ((), ["pip install -e .", "mlo run"]),
        (("lint",), ['pip install -e ".[dev]"', "ruff check", "ruff format --check", "mlo run"]),
        (
            ("tests", "docs"),
            ['pip install -e ".[dev]"', "pytest --cov", "sphinx-build -W docs docs/_build", "mlo run"],
        ),
    ],
)
def test_continuous_integration_does_what_the_project_has_tools_for(request_for, add_ons, commands):
    path = new_project(request_for(name="mine", add_ons=("ci", *add_ons))).path
    workflow = yaml.safe_load((path / ".github" / "workflows" / "ci.yml").read_text())
    assert [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step] == commands


@pytest.mark.parametrize(
    ("add_ons", "requirements"),
    [
        ((), None),
        (("docker", "ci"), None),
        (("lint", "notebook"), ["ruff", "jupyterlab"]),
        (("tests", "docs"), ["pytest", "pytest-cov", "sphinx"]),
    ],
)
def test_tools_are_requirements_of_development_only(request_for, add_ons, requirements):
    path = new_project(request_for("penguins", name="mine", add_ons=add_ons)).path
    project = tomllib.loads((path / "pyproject.toml").read_text())["project"]
    dev = project.get("optional-dependencies", {}).get("dev")
    assert (dev and [name.partition(">=")[0] for name in dev]) == requirements
    names = [name.partition(">=")[0] for name in project["dependencies"]]
    assert names == ["mlflow-tmpl", "matplotlib", "pandas", "scikit-learn"]


def test_lint_and_tests_are_the_usual_add_ons(request_for):
    assert new_project(request_for(name="mine")).add_ons == ("lint", "tests")


def test_without_a_name_there_is_a_default(request_for, here):
    assert new_project(request_for()).path == here / "mlo-project"
    assert (here / "mlo-project" / "src" / "mlo_project").is_dir()


def test_answers_fill_all_names(request_for, here):
    values = {"project_name": "Theirs", "repo_name": "there", "package_name": "them"}
    new_project(request_for(answers=Answers(values, dict.fromkeys(values, "x:1"))))
    assert (here / "there" / "src" / "them").is_dir()
    assert (here / "there" / "README.md").read_text().startswith("# Theirs\n")


def test_the_raw_penguins_are_those_that_were_recorded(request_for, here):
    new_project(request_for("penguins", name="mine"))
    lines = (here / "mine/data/01_raw/penguins_raw.csv").read_text(encoding="utf-8").splitlines()
    assert (len(lines) - 1, len(lines[0].split(","))) == (344, 17)
    assert "CC0" in (here / "mine/data/01_raw/SOURCE.md").read_text()


def test_git_keeps_folders_and_examples_and_neither_secrets_nor_data(request_for, here):
    new_project(request_for(name="mine"))
    project = here / "mine"
    secret = ["conf/local/parameters.yml", "conf/local/credentials.yml", "conf/prod/credentials.yml", ".env"]
    made_by_runs = ["data/01_raw/customers.csv", "data/06_models/deep/model.pkl", ".mlo/ledger.sqlite"]
    for name in (*secret, *made_by_runs):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    kept = subprocess.run(
        ["git", "ls-files"], cwd=project, check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {*secret, *made_by_runs} & set(kept)
    assert {*(f"data/{layer}/.gitkeep" for layer in LAYERS), "data/01_raw/example_readings.csv"} <= set(kept)
    assert "conf/local/.gitkeep" in kept


def test_the_example_is_the_files_that_the_readme_lists(request_for, here):
    files = made(request_for(name="mine", add_ons=ADD_ONS))
    readme = (here / "mine" / "README.md").read_text()
    assert {name for name in files if "example" in Path(name).name} == {
        line[3:-1] for line in readme.splitlines() if line.startswith("- `")
    }


def test_no_template_syntax_is_left(request_for, here):
    for starter in STARTERS:
        made(request_for(starter, name=starter + "-study", add_ons=ADD_ONS))
    for file in here.rglob("*"):
        assert "{{" not in file.name
        assert "cookiecutter" not in file.name
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert "{%" not in text
            assert "cookiecutter." not in text


def test_a_project_in_a_folder_with_odd_characters(request_for, here):
    odd = here / "zwölf $HOME 'x' {y}"
    odd.mkdir()
    path = new_project(replace(request_for(name="mine"), parent=odd)).path
    assert (path / "pyproject.toml").is_file()


def test_no_home_folder_is_written_to(request_for, tmp_path, here):
    home = tmp_path / "home"
    home.mkdir()
    code = "from mlflow_tmpl.scaffold import *; new_project(Request(name='mine'))"
    root = Path(__file__).parents[3]
    environment = {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(root), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], cwd=here, env=environment, check=True)
    assert list(home.iterdir()) == []
    assert [path.name for path in here.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"checkout": "v1"}, "--checkout goes with a starter of your own, and 'default' is built in"),
        ({"directory": "x"}, "--directory goes with a starter of your own, and 'default' is built in"),
        ({"add_ons": ("lnt",)}, "there is no add-on 'lnt'"),
        ({"name": "class"}, "package name 'class' is a keyword of Python"),
        ({"name": "x", "package": "json"}, "package name 'json' is a module of the standard library"),
        ({"name": "a/b"}, "project name 'a/b' has '/' in it"),
        ({"name": "nul"}, "folder name 'nul' is a device on Windows"),
    ],
)
def test_a_request_that_will_not_do_leaves_nothing(request_for, here, fields, said):
    with pytest.raises(MloError) as caught:
        new_project(request_for(**fields))
    assert said in str(caught.value)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("filled", [True, False])
def test_an_existing_folder_is_never_touched(request_for, here, filled):
    (here / "mine").mkdir()
    if filled:
        (here / "mine" / "README.md").write_text("precious")
    with pytest.raises(MloError, match="'mine' is already here, a folder"):
        new_project(request_for(name="mine"))
    assert [path.name for path in here.rglob("*")] == (["mine", "README.md"] if filled else ["mine"])


def test_a_package_may_be_as_long_as_it_is_allowed_to(request_for, here):
    new_project(request_for("penguins", name="mine", package="p" * 40))
    assert (here / "mine" / "src" / ("p" * 40)).is_dir()
