from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.temporaries import temporary_name
from mlflow_tmpl.catalog.trees import files_below, tree_fingerprint
from mlflow_tmpl.hashing import digest_file

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def told(root: Path) -> str:
    return tree_fingerprint(root, digest_file)


BASE = {"a": "1", "b/c": "2", "b/d": "3"}


@pytest.mark.parametrize(
    "other",
    [
        {"a": "2", "b/c": "2", "b/d": "3"},
        {"a": "1", "b/c": "3", "b/d": "2"},
        {"a": "1", "b/c": "2"},
        {**BASE, "e": ""},
        {"a": "1", "c": "2", "b/d": "3"},
        {"a": "1", "bc": "2", "b/d": "3"},
    ],
)
def test_names_and_contents_are_the_fingerprint(tmp_path: Path, other: dict[str, str]) -> None:
    assert told(write(tmp_path / "one", BASE)) != told(write(tmp_path / "two", other))


def test_order_times_and_empty_folders_are_not(tmp_path: Path) -> None:
    one = write(tmp_path / "one", BASE)
    two = write(tmp_path / "two", dict(reversed(BASE.items())))
    os.utime(two / "a", (1, 1))
    (two / "empty").mkdir()
    assert told(one) == told(two)


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("xy", max_size=2)),
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("xy", max_size=2)),
)
def test_two_folders_have_one_fingerprint_only_if_they_are_equal(
    tmp_path_factory: pytest.TempPathFactory, one: dict[str, str], two: dict[str, str]
) -> None:
    first, second = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    assert (told(write(first, one)) == told(write(second, two))) is (one == two)


def test_what_is_still_being_written_is_no_content(tmp_path: Path) -> None:
    before = told(write(tmp_path, BASE))
    (tmp_path / temporary_name("x.csv")).write_text("half")
    assert told(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    there = write(tmp_path / "there", {"x": "1"})
    here = write(tmp_path / "here", BASE)
    (here / "file").symlink_to(there / "x")
    (here / "folder").symlink_to(there)
    (here / "circle").symlink_to(here)
    assert [name for name, _ in files_below(here)] == ["a", "b/c", "b/d", "file", "folder/x"]
    before = told(here)
    write(there, {"x": "2"})
    assert told(here) != before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, BASE)
    (tmp_path / "dead").symlink_to(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        told(tmp_path)


def test_all_files_are_shown_to_what_hashes_them_before(tmp_path: Path) -> None:
    shown: list[str] = []

    class Hashes:
        def __call__(self, path: Path) -> str:
            return digest_file(path)

        def warm(self, paths: object) -> None:
            shown.extend(path.name for path in paths)  # type: ignore[attr-defined]

    tree_fingerprint(write(tmp_path, BASE), Hashes())
    assert shown == ["a", "c", "d"]


def test_the_place_of_a_folder_has_the_fingerprint_of_its_tree(tmp_path: Path) -> None:
    write(tmp_path / "x.parquet", BASE)
    dataset = Catalog.of({"x": "x.parquet"}, root=tmp_path).dataset("x")
    assert dataset.fingerprint() == told(tmp_path / "x.parquet")
