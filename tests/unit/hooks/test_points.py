"""The hooks of installed packages, found without importlib.metadata."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlflow_tmpl.hooks.points import Point, installed_points

if TYPE_CHECKING:
    from pathlib import Path


def install(folder: Path, name: str, text: str) -> None:
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "entry_points.txt").write_text(text)


def test_entry_points_of_the_group_are_found_and_no_others(tmp_path: Path) -> None:
    install(
        tmp_path / "lib", "alert", "[mlflow_tmpl.hooks]\nAlert = alert.hooks:Alert [more]\n[other]\nx = y:z\n"
    )
    install(tmp_path / "lib", "plain", "[console_scripts]\nplain = plain:main\n")
    found = installed_points(tmp_path / "hooks.json", [str(tmp_path / "lib"), str(tmp_path / "gone")])
    assert found == [Point("Alert", "alert.hooks:Alert", "alert")]


def test_what_was_installed_since_is_found(tmp_path: Path) -> None:
    lib, cache = tmp_path / "lib", tmp_path / "hooks.json"
    lib.mkdir()
    assert installed_points(cache, [str(lib)]) == []
    install(lib, "alert", "[mlflow_tmpl.hooks]\nalert = alert\n")
    os.utime(lib, ns=(1, 1))  # a clock that is coarser than this test
    assert installed_points(cache, [str(lib)]) == [Point("alert", "alert", "alert")]


def test_folders_as_they_were_are_not_looked_into_again(tmp_path: Path) -> None:
    lib, cache = tmp_path / "lib", tmp_path / "hooks.json"
    install(lib, "alert", "[mlflow_tmpl.hooks]\nalert = alert\n")
    first = installed_points(cache, [str(lib)])
    (lib / "alert-1.0.dist-info" / "entry_points.txt").write_text("")  # its folder's time does not change
    assert installed_points(cache, [str(lib)]) == first


def test_a_cache_that_is_damaged_or_cannot_be_written_is_no_harm(tmp_path: Path) -> None:
    lib, cache = tmp_path / "lib", tmp_path / "hooks.json"
    install(lib, "alert", "[mlflow_tmpl.hooks]\nalert = alert\n")
    cache.write_text('{"state": 3')
    assert len(installed_points(cache, [str(lib)])) == 1
    assert len(installed_points(tmp_path / "no" / "folder" / "hooks.json", [str(lib)])) == 1
    assert not (tmp_path / "no").exists()


def test_entry_points_that_are_no_ini_file_bring_nothing(tmp_path: Path) -> None:
    install(tmp_path / "lib", "odd", "mlflow_tmpl.hooks without a section\n")
    assert installed_points(tmp_path / "hooks.json", [str(tmp_path / "lib")]) == []
