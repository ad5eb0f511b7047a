from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from mlflow_tmpl.scaffold import ADD_ONS, STARTERS, Request, new_project, templates_folder

from .scaffolding import ROOT, call, paths_in

ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def run(command: list[str], cwd: Path) -> str:
    ended = call(command, cwd, ENVIRONMENT)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the source distribution: what is missing in that is missing in it."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)], folder)
    return next(folder.glob("*.whl"))


class Environment:
    """A fresh virtual environment that borrows dependencies, and not mlo itself, from the one of the tests."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.folder = folder
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = str(self.scripts / "python")
        # A path that a .pth file adds is not searched for .pth files: an editable mlo there is not seen.
        site = run(
            [self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder
        ).strip()
        Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def install(self, *what: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", "--no-index"]
        run([*pip, "--no-deps", "--no-build-isolation", *what], self.folder)

    def mlo(self, cwd: Path, *arguments: str) -> str:
        return run([str(self.scripts / "mlo"), *arguments], cwd)

    def home_of(self, package: str) -> Path:
        return Path(
            run([self.python, "-c", f"import {package}; print({package}.__file__)"], self.folder).strip()
        )


@pytest.fixture
def environment(tmp_path) -> Environment:
    return Environment(tmp_path / "environment")


def test_the_wheel_holds_every_template_file(wheel):
    with zipfile.ZipFile(wheel) as opened:
        shipped = {
            name.removeprefix("mlflow_tmpl/templates/") for name in opened.namelist() if "/templates/" in name
        }
    tracked = {path for path in paths_in(templates_folder()) if (templates_folder() / path).is_file()}
    assert shipped == tracked
    assert {Path(name).name for name in shipped} >= {
        ".gitkeep",
        ".dockerignore",
        "{{'.gitignore'}}",
        "ci.yml",
    }


def test_no_template_file_is_hidden_from_git():
    listed = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", "templates"]
    ignored = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [path for path in ignored if "__pycache__" not in path] == []


def test_the_wheel_makes_the_same_projects_and_runs_them(wheel, environment, tmp_path):
    environment.install(str(wheel))
    package = environment.home_of("mlflow_tmpl").parent
    assert package.is_relative_to(environment.folder)
    assert list((package / "templates").rglob("__pycache__"))  # pip compiles the templates' modules too
    for starter in STARTERS:
        environment.mlo(tmp_path, "new", f"{starter}-mine", "--starter", starter, "--with", "all")
        other = tmp_path / "checkout"
        other.mkdir(exist_ok=True)
        expected = new_project(
            Request(f"{starter}-mine", starter=starter, add_ons=ADD_ONS, parent=other)
        ).path
        assert contents(tmp_path / f"{starter}-mine") == contents(expected)
    assert "2 ran" in environment.mlo(tmp_path / "default-mine", "run")
    assert "8 ran" in environment.mlo(tmp_path / "penguins-mine", "run")


def test_a_project_runs_when_it_is_installed(wheel, environment, tmp_path):
    environment.install(str(wheel))
    environment.mlo(tmp_path, "new", "mine")
    environment.install(str(tmp_path / "mine"))
    assert environment.home_of("mine").is_relative_to(environment.folder)
    assert "2 ran" in environment.mlo(tmp_path / "mine", "run")


def test_an_editable_install_does_as_well(environment, tmp_path):
    environment.install("--editable", str(ROOT))
    assert environment.home_of("mlflow_tmpl").is_relative_to(ROOT)
    environment.mlo(tmp_path, "new", "mine")
    environment.install("--editable", str(tmp_path / "mine"))
    assert environment.home_of("mine").is_relative_to(tmp_path / "mine")
    assert "2 ran" in environment.mlo(tmp_path / "mine" / "conf", "run")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
