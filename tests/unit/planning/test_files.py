from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.planning.files import as_paths, named_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("words.txt", "conf/words.txt", "conf/deep/er/words.txt", "src/pkg/words.txt"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "outside.txt").touch()
    return tmp_path / "project"


def found(root: Path, *texts: str, starts: tuple[str, ...] = (".",)) -> set[str]:
    folders = [root / start for start in starts]
    return {path.relative_to(root).as_posix() for _, path in named_files(as_paths(texts), folders)}


@pytest.mark.parametrize(
    ("texts", "files"),
    [
        (("words.txt",), {"words.txt"}),
        (("./words.txt",), {"words.txt"}),
        (("conf/words.txt",), {"conf/words.txt"}),
        (("conf\\words.txt",), {"conf/words.txt"}),
        (("conf", "/words.txt"), {"words.txt", "conf/words.txt"}),
        (("conf", "deep", "er", "words.txt"), {"words.txt", "conf/words.txt", "conf/deep/er/words.txt"}),
        (("deep", "words.txt"), {"words.txt"}),
        (("conf/../words.txt",), {"words.txt"}),
        (("no.txt", "conf", ".", "/", ""), set()),
    ],
)
def test_a_file_is_found_however_its_parts_come_together(
    root: Path, texts: tuple[str, ...], files: set[str]
) -> None:
    assert found(root, *texts) == files


def test_a_path_may_start_from_the_folder_of_a_module(root: Path) -> None:
    assert found(root, "words.txt", starts=("src/pkg",)) == {"src/pkg/words.txt"}


def test_no_way_leads_out_of_the_folders(root: Path) -> None:
    assert found(root, "..", "../..", "../outside.txt", "outside.txt") == set()


def test_a_folder_that_is_not_there_has_no_files(root: Path) -> None:
    assert found(root, "words.txt", starts=("nowhere",)) == set()
