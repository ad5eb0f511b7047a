from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "ÿ"]}, index=[7, 8])


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.bz2", "x.csv.xz", "x.xlsx"])
def test_a_table_comes_back_without_its_index(catalog_of: Callable[..., Catalog], name: str) -> None:
    catalog = catalog_of(x=name)
    catalog.save("x", FRAME)
    pd.testing.assert_frame_equal(catalog.load("x"), FRAME.reset_index(drop=True))


def test_a_parquet_file_keeps_the_index(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x="x.parquet")
    catalog.save("x", FRAME)
    pd.testing.assert_frame_equal(catalog.load("x"), FRAME)


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet", "x.xlsx"])
def test_equal_content_gives_equal_bytes(
    catalog_of: Callable[..., Catalog], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = catalog_of(x=name)
    catalog.save("x", FRAME)
    before = (tmp_path / name).read_bytes()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)
    if name.endswith("xlsx"):
        time.sleep(1.1)  # the library's own clock counts in seconds
    catalog.save("x", FRAME)
    assert (tmp_path / name).read_bytes() == before


def test_a_user_s_arguments_win(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    entry = {
        "filepath": "x.csv",
        "save_args": {"index": True, "sep": ";"},
        "load_args": {"sep": ";", "index_col": 0},
    }
    catalog = catalog_of(x=entry)
    catalog.save("x", FRAME)
    assert (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()[1] == "7;1;x"
    pd.testing.assert_frame_equal(catalog.load("x"), FRAME)


def test_arguments_are_not_used_up_by_a_save(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(
        x={"filepath": "x.xlsx", "save_args": {"sheet_name": "S"}, "load_args": {"sheet_name": "S"}}
    )
    for _ in range(2):
        catalog.save("x", FRAME)
        assert len(catalog.load("x")) == 2


def test_a_declared_compression_wins_over_the_suffix(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    entry = {"filepath": "x.csv.gz", "save_args": {"compression": None}, "load_args": {"compression": None}}
    catalog = catalog_of(x=entry)
    catalog.save("x", FRAME)
    assert (tmp_path / "x.csv.gz").read_bytes().startswith(b"a,b")
    assert len(catalog.load("x")) == 2


def test_appending_is_refused_instead_of_losing_the_old_rows(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    with pytest.raises(DataError, match="mode 'a' would append, but a dataset is saved whole"):
        catalog_of(x={"filepath": "x.csv", "save_args": {"mode": "a"}}).save("x", FRAME)
    assert (tmp_path / "x.csv").read_text() == "a,b\n"


def test_a_partitioned_parquet_folder_is_refused(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder was written where a file is declared"):
        catalog_of(x={"filepath": "x.parquet", "save_args": {"partition_cols": ["a"]}}).save("x", FRAME)
    assert list(tmp_path.iterdir()) == []


def test_a_mapping_of_frames_becomes_sheets(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x={"filepath": "x.xlsx", "load_args": {"sheet_name": None}})
    catalog.save("x", {"one": FRAME, "two": FRAME.head(1)})
    assert {name: len(sheet) for name, sheet in catalog.load("x").items()} == {"one": 2, "two": 1}


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_streamed_chunks_have_one_header(catalog_of: Callable[..., Catalog], name: str) -> None:
    catalog = catalog_of(x=name)
    catalog.dataset("x").save_stream(FRAME.iloc[[row]] for row in range(2))
    pd.testing.assert_frame_equal(catalog.load("x"), FRAME.reset_index(drop=True))


def test_a_streamed_file_is_the_same_as_a_saved_one(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(x="x.csv", y="y.csv")
    catalog.save("x", FRAME)
    catalog.dataset("y").save_stream(iter([FRAME.head(1), FRAME.tail(1)]))
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()


def test_a_stream_with_other_columns_is_refused(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    chunks = iter([FRAME, FRAME[["b", "a"]]])
    with pytest.raises(DataError, match=r"chunk 2 has the columns \['b', 'a'\], the first has \['a', 'b'\]"):
        catalog_of(x="x.csv").dataset("x").save_stream(chunks)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_stream_is_refused(catalog_of: Callable[..., Catalog]) -> None:
    with pytest.raises(DataError, match="no chunk came, so there are no columns to write"):
        catalog_of(x="x.csv").dataset("x").save_stream(iter([]))
