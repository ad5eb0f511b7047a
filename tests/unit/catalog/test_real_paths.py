"""Paths of many files have the same real paths as each alone, and their folders the same problems."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlflow_tmpl.catalog.real_paths import RealPaths

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


@LINKS
def test_every_path_is_where_the_system_has_it(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "file").touch()
    (tmp_path / "folder-link").symlink_to(inner)
    (inner / "file-link").symlink_to("../other/file")
    (inner / "loop").symlink_to("loop")
    names = ["inner/file", "inner/none", "inner/none/none", "folder-link/file", "folder-link/file-link"]
    names += ["folder-link/none", "folder-link", "inner/loop", "inner/..", "folder-link/../x", "", "inner/."]
    real = RealPaths()
    for name in (*names, *names):
        path = os.path.join(tmp_path, name)
        assert real(path) == os.path.realpath(path), name


def test_what_is_below_a_file_has_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    real = RealPaths()
    assert real.folder_problem(str(tmp_path / "file/x/y")) == "file is a file, not a folder"
    assert real.folder_problem(str(tmp_path / "a/b/c")) == ""


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="may write everywhere")
def test_a_folder_that_is_write_protected_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    assert RealPaths().folder_problem(str(folder / "x/y")) == "folder closed is not writable"
