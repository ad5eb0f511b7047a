"""What a definition depends on, and what tells that it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.definition.conditions import (
    Conditions,
    importable_names,
    look_of,
    names_in,
    states_of,
    variable_hash,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_conditions_hold_until_something_changes(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_text("one")
    states = states_of([str(file), str(tmp_path / "none")], {}, 1 << 62)
    assert states is not None
    conditions = Conditions(files=states)
    assert conditions.difference() == ""
    file.write_text("two")
    assert conditions.difference() == str(file)
    file.write_text("one")
    assert conditions.difference() == ""
    (tmp_path / "none").touch()
    assert conditions.difference() == str(tmp_path / "none")


def test_a_file_that_was_touched_while_it_was_read_stands_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_text("one")
    assert states_of([str(file)], {}, 0) is None
    assert states_of([str(file)], {str(file): "another hash"}, 1 << 62) is None


def test_folders_looks_and_variables_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tmp_path)
    conditions = Conditions(
        folders={folder: names_in(folder)},
        packages={folder: importable_names(folder)},
        looks={folder: look_of(folder)},
        variables={"FLOW_X": variable_hash(None)},
    )
    assert conditions.difference() == ""
    monkeypatch.setenv("FLOW_X", "")
    assert conditions.difference() == "environment variable 'FLOW_X'"
    monkeypatch.delenv("FLOW_X")
    (tmp_path / "data.csv").touch()
    assert importable_names(folder) == conditions.packages[folder]
    assert conditions.difference() == folder
