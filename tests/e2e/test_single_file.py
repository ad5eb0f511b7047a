"""A single file is run, planned and drawn without a project."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import MLO, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

FLOW = """
from mlflow_tmpl import node
from factors import FACTOR

@node(outputs="numbers")
def numbers():
    return [1, 2, 3]

@node(outputs="total")
def total(numbers: list) -> int:
    return sum(numbers) * FACTOR
"""


def mlo(folder: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(MLO), *arguments], cwd=folder, capture_output=True, encoding="utf-8", env=clean_environment()
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def written(folder: Path) -> Path:
    (folder / "flow.py").write_text(FLOW)
    (folder / "factors.py").write_text("FACTOR = 2\n")
    return folder


def test_a_file_is_run_and_its_values_are_told(tmp_path: Path) -> None:
    written(tmp_path)
    assert "  total  int 12, in memory\n" in mlo(tmp_path, "run", "flow.py").stdout
    assert {path.name for path in tmp_path.iterdir()} >= {".mlo", "flow.py"}
    assert not (tmp_path / "pyproject.toml").exists()


def test_a_file_is_found_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    written(tmp_path / "elsewhere")
    assert "int 12" in mlo(tmp_path, "run", "elsewhere/flow.py").stdout
    assert not (tmp_path / ".mlo").exists()


def test_what_a_file_imports_from_its_folder_counts_as_code(tmp_path: Path) -> None:
    (written(tmp_path) / "conf" / "base").mkdir(parents=True)
    (tmp_path / "conf" / "base" / "catalog.yml").write_text("total: total.json\n")
    mlo(tmp_path, "run", "flow.py")
    assert {
        step["action"] for step in json.loads(mlo(tmp_path, "plan", "flow.py", "--json").stdout)["nodes"]
    } == {
        "reuse",
        "omit",
    }
    (tmp_path / "factors.py").write_text("FACTOR = 3\n")
    mlo(tmp_path, "run", "flow.py")
    assert json.loads((tmp_path / "total.json").read_text()) == 18


def test_a_file_is_drawn_under_its_name(tmp_path: Path) -> None:
    written(tmp_path)
    assert mlo(tmp_path, "viz", "flow.py").stdout.startswith("flow  2 nodes")


def test_a_file_may_register_pipelines(tmp_path: Path) -> None:
    text = """
from mlflow_tmpl import Node, Pipeline
def register_pipelines():
    return {"one": Pipeline([Node(lambda: 1, None, "a", name="one")])}
"""
    (tmp_path / "flow.py").write_text(text)
    assert "a  int 1, in memory" in mlo(tmp_path, "run", "flow.py", "one").stdout


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "there is no file 'flow.py'" in mlo(tmp_path, "run", "flow.py", code=2).stderr


def test_a_file_that_cannot_be_imported_by_its_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my-flow.py").write_text(FLOW)
    error = mlo(tmp_path, "run", "my-flow.py", code=2).stderr
    assert "'my-flow.py' cannot be imported under its name" in error
    assert "letters, digits and '_'" in error


def test_two_files_or_a_file_and_a_project_are_refused(tmp_path: Path) -> None:
    written(tmp_path)
    for more in (["other.py"], ["--project", "."]):
        error = mlo(tmp_path, "run", "flow.py", *more, code=2).stderr
        assert "are projects of their own" in error
        assert "give one of them at a time" in error
