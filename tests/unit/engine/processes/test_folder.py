from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_tmpl.engine.processes.folder import BUDGET, Folder
from mlflow_tmpl.errors import UsageError

MAKE = """
import os, sys
from pathlib import Path
from mlflow_tmpl.engine.processes.folder import Folder
folder = Folder(10, None, Path(sys.argv[1]))
Path(folder.disk, "value").write_bytes(b"x")
os._exit(1)
"""


def test_what_a_dead_run_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", MAKE, str(tmp_path)], check=False)
    assert [path.name for path in tmp_path.glob("*/value")] == ["value"]
    folder = Folder(10, None, tmp_path)
    assert list(tmp_path.iterdir()) == [Path(folder.disk)]
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_living_run_keeps_its_folder(tmp_path: Path) -> None:
    first = Folder(10, None, tmp_path)
    second = Folder(10, None, tmp_path)
    assert Path(first.disk).is_dir()
    first.remove()
    assert list(tmp_path.iterdir()) == [Path(second.disk)]
    second.remove()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mlo-run-of-my-own.txt").write_text("x")
    Folder(10, None, tmp_path).remove()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "mlo-run-of-my-own.txt"]


def test_room_is_what_is_left_of_the_budget(tmp_path: Path) -> None:
    folder = Folder(10, None, tmp_path)
    folder.take(4)
    assert folder.room == 6
    folder.take(20)
    assert folder.room == 0
    folder.take(-24)
    assert folder.room == 10
    folder.remove()


def test_a_budget_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(BUDGET, "2GB")
    with pytest.raises(UsageError, match="MLO_MEMORY_BYTES must be a number of bytes, and is '2GB'"):
        Folder(None, None, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_with_no_budget_nothing_lies_in_memory(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    folder = Folder(0, tmp_path / "memory", tmp_path)
    assert folder.memory == ""
    folder.remove()
