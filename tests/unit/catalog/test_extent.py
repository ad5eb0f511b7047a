from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.extent import Extent, extent_of

if TYPE_CHECKING:
    from pathlib import Path


def extent(root: Path, filepath: str, **entry: Any) -> Extent:
    return extent_of(Catalog.of({"x": {"filepath": filepath, **entry}}, root=root).dataset("x"))


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4",
        'a,b\n1,"two\nlines"\n3,4\n',
        'a,b\n1,"say ""hi""\n"\n3,4\n',
    ],
)
def test_records_of_a_csv_are_counted_as_pandas_counts_them(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(text.encode())
    assert extent(tmp_path, "x.csv") == Extent(file.stat().st_size, len(pd.read_csv(file)))


@pytest.mark.parametrize("text", ["a\n1\n\n2\n", "\na\n1\n", "a\r1\r2\r", ""])
def test_what_counts_as_a_record_for_some_readers_only_is_not_counted(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_bytes(text.encode())
    assert extent(tmp_path, "x.csv").rows is None


def test_arguments_that_leave_rows_out_leave_them_uncounted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n2\n")
    assert extent(tmp_path, "x.csv", load_args={"nrows": 1}) == Extent(6, None)
    assert extent(tmp_path, "x.csv", load_args={"dtype": "str"}) == Extent(6, 2)


def test_a_parquet_file_says_it_itself(tmp_path: Path) -> None:
    pd.DataFrame({"a": range(7)}).to_parquet(tmp_path / "x.parquet")
    assert extent(tmp_path, "x.parquet").rows == 7


def test_a_damaged_file_still_has_a_size(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"noise")
    assert extent(tmp_path, "x.parquet") == Extent(5)


def test_what_is_gone_has_no_extent(tmp_path: Path) -> None:
    assert extent(tmp_path, "x.csv") == Extent()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (Extent(10, 3), Extent(11, 4), ("3", "4 rows")),
        (Extent(10, 3), Extent(11, 3), ("10", "11 bytes")),
        (Extent(10, None), Extent(1100, 3), ("10", "1,100 bytes")),
        (Extent(10, 3), Extent(10, 3), ("", "")),
        (Extent(), Extent(10, 3), ("", "")),
    ],
)
def test_rows_are_told_where_they_differ_else_bytes(
    before: Extent, after: Extent, told: tuple[str, str]
) -> None:
    assert before.told_beside(after) == told
