from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_tmpl.engine.processes import files


class Local:
    """Stands for a class of the main program."""

    def __init__(self, size: int) -> None:
        self.array = np.arange(size)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (1, 1),
        (np.arange(10), 1),
        (np.arange(100_000), 800_000),
        ("x" * 100_000, 100_000),
        (list(range(10**6)), 1 << 20),
    ],
    ids=["number", "small array", "large array", "text", "list"],
)
def test_small_values_are_packed_and_large_ones_measured(value: Any, size: int) -> None:
    data, measured = files.pack(value)
    assert (data is None) == (measured > files.SMALL_BYTES)
    assert measured >= size


def test_a_file_is_mapped_so_that_changes_stay_with_who_makes_them(tmp_path: Path) -> None:
    path = str(tmp_path / "value")
    files.write({"a": np.zeros(100_000), "b": pd.DataFrame({"x": range(100_000)})}, path)
    first, second = files.read(path), files.read(path)
    first["a"][0] = 5
    first["b"].loc[0, "x"] = 5
    assert (second["a"][0], second["b"].x[0]) == (0, 0)
    assert (files.read(path)["a"][0], files.read(path)["b"].x[0]) == (0, 0)


def test_what_is_read_only_stays_so(tmp_path: Path) -> None:
    array = np.zeros(100_000)
    array.flags.writeable = False
    files.write(array, str(tmp_path / "value"))
    assert not files.read(str(tmp_path / "value")).flags.writeable


def test_a_class_without_a_module_is_packed_with_its_code(tmp_path: Path) -> None:
    class Inner(Local):
        pass

    assert files.pack(Inner(3))[0] is not None
    files.write(Inner(100_000), str(tmp_path / "value"))
    assert files.read(str(tmp_path / "value")).array[-1] == 99_999


def test_nothing_is_left_of_what_could_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write([1], str(tmp_path / "gone" / "value"))
    with pytest.raises(TypeError, match="generator"):
        files.write((number for number in range(3)), str(tmp_path / "value"))
    assert list(tmp_path.iterdir()) == []


def test_a_value_goes_to_disk_where_memory_has_no_room(tmp_path: Path) -> None:
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    disk.mkdir()
    assert files.write_somewhere([1], str(memory), str(disk), True)[3] is False
    memory.mkdir()
    assert files.write_somewhere([1], str(memory), str(disk), True)[3] is True
    assert files.write_somewhere([1], str(memory), str(disk), False)[3] is False
