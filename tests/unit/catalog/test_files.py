from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from mlflow_tmpl.catalog.files import replace, replacing, writing_problem

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")


def put(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def test_a_file_is_made_with_its_parents(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b" / "x.txt", "new")
    assert (tmp_path / "a" / "b" / "x.txt").read_text() == "new"


def write_half_and_raise(path: Path, error: type[BaseException]) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


def write_a_folder(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.mkdir()
        (temporary / "part").touch()


def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("old")
    with pytest.raises(ValueError):
        write_half_and_raise(tmp_path / "x.txt", ValueError)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"x.txt": "old"}


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_half_and_raise(tmp_path / "x.txt", KeyboardInterrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_the_old_content_until_the_new_is_complete(tmp_path: Path) -> None:
    put(tmp_path / "x.txt", "old")
    with replacing(tmp_path / "x.txt") as temporary:
        temporary.write_text("new")
        assert (tmp_path / "x.txt").read_text() == "old"
    assert (tmp_path / "x.txt").read_text() == "new"


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_that_open_gives(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        put(tmp_path / "x.txt", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.txt").stat().st_mode) == 0o666 & ~umask


@posix
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    put(tmp_path / "x.txt", "old")
    (tmp_path / "x.txt").chmod(0o640)
    put(tmp_path / "x.txt", "new")
    assert stat.S_IMODE((tmp_path / "x.txt").stat().st_mode) == 0o640


@posix
def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "disk" / "real.txt")
    put(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "disk" / "real.txt").read_text() == "new"


@posix
def test_a_link_to_nothing_yet_makes_the_file_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "later" / "real.txt")
    put(tmp_path / "link.txt", "new")
    assert (tmp_path / "later" / "real.txt").read_text() == "new"


@posix
def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"), replacing(tmp_path / "pipe"):
        pytest.fail("nothing may be written")


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder, not a file"), replacing(tmp_path):
        pytest.fail("nothing may be written")


def test_a_library_that_writes_a_folder_is_refused_and_cleared_away(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="where a file is declared"):
        write_a_folder(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_write_protected_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "raw.txt", "precious")
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write anything
    with pytest.raises(PermissionError, match="write-protected"), replacing(tmp_path / "raw.txt"):
        pytest.fail("nothing may be written")


def test_a_file_held_for_a_moment_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([PermissionError, PermissionError])
    move = Path.replace

    def held(source: Path, target: Path) -> Path:
        for error in refusals:
            raise error
        return move(source, target)

    monkeypatch.setattr(Path, "replace", held)
    (tmp_path / "new").write_text("new")
    replace(tmp_path / "new", tmp_path / "x", patience_s=(0.0, 0.0))
    assert (tmp_path / "x").read_text() == "new"


def test_a_file_held_for_long_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(source: Path, target: Path) -> None:
        raise PermissionError("held")

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(PermissionError, match="held"):
        replace(tmp_path / "new", tmp_path / "x", patience_s=(0.0,))


def test_problems_of_writing_are_told_without_touching_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert writing_problem(tmp_path / "a" / "b" / "x") == ""
    assert writing_problem(tmp_path) == "it is a folder, not a file"
    assert writing_problem(tmp_path / "file" / "x") == "file is a file, not a folder"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert writing_problem(tmp_path / "a" / "x") == f"folder {tmp_path.name} is not writable"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("length", [1, 100, 200, 250])
def test_names_of_any_legal_length_can_be_saved(tmp_path: Path, length: int) -> None:
    put(tmp_path / ("x" * length + ".csv"), "new")
    put(tmp_path / ("y." + "x" * length), "new")
    assert len(list(tmp_path.iterdir())) == 2
