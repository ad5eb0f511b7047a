"""A disk without room, or one that takes nothing: told in a line, nothing half there, and the next run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .test_survives import integrity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import MadeProject

NODES = """
    @node(outputs="small")
    def begin(source: str) -> str:
        return source * 2

    @node(outputs="large")
    def swell(small: str, *, size: int) -> str:
        return small * size

    @node(outputs="final")
    def end(large: str) -> str:
        return str(len(large))
    """
CATALOG = "".join(f"{name}: data/{name}.txt\n" for name in ("source", "small", "large", "final"))


def mount(*arguments: str) -> bool:
    return not subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root mounts a disk")
    place = tmp_path / "disk"
    place.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=8m", "none", str(place)):
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def project(disk: Path, make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(
        NODES, CATALOG, "size: 10\n", folder="disk/project", files={"data/source.txt": "x" * 1000}
    )


def fill(disk: Path) -> Path:
    """Leave no room at all."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for piece in (1 << 16, 1 << 12, 1):
            try:
                while file.write(b"x" * piece):
                    pass
            except OSError:
                continue
    return filler


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one error that a command tells."""
    assert "Traceback" not in done.stderr, done.stderr
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return error


def test_an_output_that_finds_no_room_leaves_the_old_one_and_the_nodes_before(
    project: MadeProject, disk: Path
) -> None:
    assert project.mlo("run").returncode == 0
    before = (project.root / "data" / "large.txt").read_text()
    project.write("data/source.txt", "y" * 1000)
    done = project.mlo("run", "--params", "size=10000")
    assert done.returncode == 1
    assert "dataset 'large' cannot be saved to data/large.txt: No space left on device" in told(done)
    assert (project.root / "data" / "large.txt").read_text() == before
    assert [path.name for path in (project.root / "data").iterdir() if path.name.startswith(".")] == []
    assert integrity(project) == "ok"
    assert mount("-o", "remount,size=200m", str(disk))
    assert project.statuses("--params", "size=10000") == {"begin": "reused", "swell": "done", "end": "done"}


@pytest.mark.parametrize("past", [False, True])
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    project: MadeProject, disk: Path, past: bool
) -> None:
    if past:
        assert project.mlo("run").returncode == 0
        project.write("data/source.txt", "y" * 1000)
    filler = fill(disk)
    for command in ("run", "plan"):
        done = project.mlo(command)
        if done.returncode or command == "run":
            assert done.returncode in (1, 2)
            told(done)
            assert done.stderr.splitlines()[-1].startswith(("  hint: ", "mend it"))
    filler.unlink()
    assert set(project.statuses().values()) == {"done"}
    assert integrity(project) == "ok"
    assert set(project.statuses().values()) == {"reused"}


def test_a_disk_that_fills_up_with_records_loses_nothing_that_was_written(
    disk: Path, make_project: Callable[..., MadeProject]
) -> None:
    nodes = "".join(
        f"\n@node(outputs='v{n}')\ndef step_{n:03}(source: str) -> str:\n    return source + '{n}'\n"
        for n in range(300)
    )
    catalog = "source: data/source.txt\n" + "".join(f"v{n}: data/v{n}.txt\n" for n in range(300))
    project = make_project(nodes, catalog, folder="disk/project", files={"data/source.txt": "x" * 20_000})
    done = project.mlo("run")
    assert done.returncode in (1, 2)
    told(done)
    assert mount("-o", "remount,size=200m", str(disk))
    assert integrity(project) == "ok"
    statuses = project.statuses()
    assert set(statuses.values()) == {"done", "reused"}
    assert set(project.statuses().values()) == {"reused"}


READ_ONLY = (
    "error: conf/base/catalog.yml:2:8: dataset 'small' cannot be saved to data/small.txt: "
    "the file is write-protected"
)


@pytest.mark.parametrize(
    ("command", "error"), [("run", READ_ONLY), ("plan", READ_ONLY), ("runs list", ""), ("runs show", "")]
)
def test_a_disk_that_is_only_read_is_told_and_its_past_can_be_read(
    project: MadeProject, disk: Path, command: str, error: str
) -> None:
    assert project.mlo("run").returncode == 0
    assert mount("-o", "remount,ro", str(disk))
    done = project.mlo(*command.split())
    assert (done.returncode, done.stderr.strip()) == ((2, error) if error else (0, ""))
