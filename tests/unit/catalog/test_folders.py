"""Folders are replaced as a whole or not at all, also when their writer is killed."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.folders import exchanged, recover, replacing_folder, swap
from tests.unit.catalog.killing import kills, parts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.catalog.servers import Store


def filled(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_the_new_files_take_the_place_of_all_old_ones(tmp_path: Path) -> None:
    target = filled(tmp_path / "x", a="1", b="2")
    with replacing_folder(target) as fresh:
        (fresh / "b").write_text("3")
        assert content(target) == {"a": "1", "b": "2"}
    assert content(target) == {"b": "3"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_files_and_nothing_else(tmp_path: Path) -> None:
    target = filled(tmp_path / "x", a="1")
    with pytest.raises(TypeError), replacing_folder(target) as fresh:
        (fresh / "a").write_text(2)  # type: ignore[arg-type]
    assert content(target) == {"a": "1"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a file")
    with (
        pytest.raises(NotADirectoryError, match="it is a file, not a folder"),
        replacing_folder(tmp_path / "x"),
    ):
        pass


def test_a_link_to_a_folder_is_written_through(tmp_path: Path) -> None:
    target = filled(tmp_path / "real", a="1")
    link = tmp_path / "link"
    link.symlink_to(target, target_is_directory=True)
    with replacing_folder(link) as fresh:
        (fresh / "b").write_text("2")
    assert link.is_symlink()
    assert content(target) == {"b": "2"}


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system has no such call")
def test_the_system_exchanges_two_names_at_once(tmp_path: Path) -> None:
    one, other = filled(tmp_path / "one", a="1"), filled(tmp_path / "other", b="2")
    if not exchanged(one, other):
        pytest.skip("this disk cannot")
    assert (content(one), content(other)) == ({"b": "2"}, {"a": "1"})


def test_where_names_cannot_be_exchanged_the_old_folder_is_set_aside_for_a_moment(tmp_path: Path) -> None:
    target, fresh = filled(tmp_path / "x", a="1"), filled(tmp_path / "fresh", a="2")
    swap(fresh, target, exchange=lambda *_: False)
    assert content(target) == {"a": "2"}
    assert list(tmp_path.iterdir()) == [target]


def test_a_writer_killed_in_that_moment_loses_nothing(tmp_path: Path) -> None:
    target = filled(tmp_path / "x", a="1")
    target.rename(tmp_path / ".x.aside-mlo")
    catalog = Catalog.of(
        {"x": {"type": "partitioned", "filepath": "x", "dataset": "text", "suffix": ".txt"}}, root=tmp_path
    )
    assert catalog.exists("x")
    assert content(target) == {"a": "1"}
    recover(target)
    assert content(target) == {"a": "1"}


def kill_while_saving(store: Store, root: Path, times: int, longest_s: float) -> None:
    """Kill a writer of a folder again and again, and look at what is left each time."""
    entry = store.entry("parts", type="partitioned", dataset="pickle")
    catalog = Catalog.of({"x": entry}, root=root, credentials=store.credentials)
    for start in kills(times, store, entry, root, parts, random.Random(11), longest_s):
        found: dict[str, Any] = {name: load() for name, load in catalog.load("x").items()}
        numbers = {number for values in found.values() for number in values}
        assert len(numbers) == 1, f"parts of several saves: {numbers}"
        number = numbers.pop()
        assert number >= start
        assert sorted(found) == [f"{part}-{number % 2}" for part in range(8)]
    catalog.save("x", {"end": [1]})
    assert list(catalog.load("x")) == ["end"]


def test_a_killed_writer_leaves_a_whole_folder(tmp_path: Path) -> None:
    from tests.unit.catalog.servers import Store

    kill_while_saving(Store(f"file://{tmp_path}"), tmp_path, times=6, longest_s=0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["end.pkl"]


@pytest.mark.network
@pytest.mark.parametrize("kind", ["s3", "sftp"])
def test_a_killed_writer_leaves_a_whole_folder_on_a_server(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    store: Store = request.getfixturevalue(kind)
    kill_while_saving(store, tmp_path, times=2, longest_s=0.4)
    assert store.names() == ["parts/end.pkl"]
