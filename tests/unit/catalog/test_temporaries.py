from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlflow_tmpl.catalog.temporaries import STALE_S, Leftovers, is_alive, temporary_name


@pytest.fixture(scope="module")
def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(folder: Path, name: str, pid: int) -> Path:
    path = folder / temporary_name(name).replace(f".{os.getpid()}-", f".{pid}-")
    path.write_text("half")
    return path


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x", ".hidden.csv", "v1.2.csv", "näme.parquet"])
def test_a_temporary_is_hidden_and_keeps_the_suffix(name: str) -> None:
    made = temporary_name(name)
    assert made.startswith(".")
    assert Path(made).suffix == (Path(name).suffix or ".mlo")
    assert f".{os.getpid()}-" in made


def test_two_temporaries_never_have_one_name() -> None:
    assert len({temporary_name("x.csv") for _ in range(100)}) == 100


def test_leftovers_of_dead_processes_are_removed(tmp_path: Path, dead_pid: int) -> None:
    for name in ("x.csv", "y.parquet", "z"):
        left_by(tmp_path, name, dead_pid)
    Leftovers().sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_temporaries_of_living_processes_stay(tmp_path: Path) -> None:
    mine = left_by(tmp_path, "x.csv", os.getpid())
    parents = left_by(tmp_path, "x.csv", os.getppid())
    Leftovers().sweep(tmp_path)
    assert {*tmp_path.iterdir()} == {mine, parents}


def test_temporaries_of_other_machines_stay_for_a_day(tmp_path: Path, dead_pid: int) -> None:
    own = left_by(tmp_path, "x.csv", dead_pid)
    pid, _, token = own.name.partition(f".{dead_pid}-")
    other = own.rename(tmp_path / f"{pid}.{dead_pid}-{'0' * 6}{token[6:]}")
    Leftovers().sweep(tmp_path)
    assert other.exists()
    old = other.stat().st_mtime - STALE_S - 60
    os.utime(other, (old, old))
    Leftovers().sweep(tmp_path)
    assert not other.exists()


@pytest.mark.parametrize("name", ["x.csv", ".x.mlo.csv", ".x.12.mlo", "notes.mlo", ".x.1-zzzzzzzzzzzzzz.mlo"])
def test_files_that_only_look_similar_stay(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    Leftovers().sweep(tmp_path)
    assert (tmp_path / name).exists()


def test_listing_takes_a_small_share_of_the_time(tmp_path: Path, dead_pid: int) -> None:
    times = iter([0.0, 1.0, 10.0, 21.0, 22.0])
    leftovers = Leftovers(clock=lambda: next(times))
    leftovers.sweep(tmp_path)  # took a second
    left = left_by(tmp_path, "x.csv", dead_pid)
    leftovers.sweep(tmp_path)  # ten seconds later it would be more than a twentieth
    assert left.exists()
    leftovers.sweep(tmp_path)
    assert not left.exists()


def test_living_and_dead_processes_are_told_apart(dead_pid: int) -> None:
    assert is_alive(os.getpid())
    assert not is_alive(dead_pid)
    assert not is_alive(10**12)
