from __future__ import annotations

import json
from typing import Any

import numpy
import pandas
import pytest

from mlflow_tmpl.views.contents import Column, content_of

FRAME = pandas.DataFrame({"n": [1, 2, 3], "x": [0.5, None, 1.5], "s": ["a", "b", "b"]})


def test_a_frame_is_told_by_its_columns_and_first_rows():
    content = content_of(FRAME, 2)
    assert (content.kind, content.python_type, content.shape) == ("table", "pandas DataFrame", (3, 3))
    assert content.columns == (
        Column("n", "int64", 0, "1 to 3"),
        Column("x", "float64", 1, "0.5 to 1.5"),
        Column("s", "str", 0, "2 different"),
    )
    assert content.rows == ((1, 0.5, "a"), (2, None, "b"))


def test_polars_and_arrow_are_told_as_pandas_is():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    for value, kind in (
        (polars.from_pandas(FRAME), "polars DataFrame"),
        (pyarrow.Table.from_pandas(FRAME, preserve_index=False), "pyarrow Table"),
    ):
        content = content_of(value, 2)
        assert (content.kind, content.python_type, content.shape) == ("table", kind, (3, 3))
        assert [(each.name, each.nulls) for each in content.columns] == [("n", 0), ("x", 1), ("s", 0)]
        assert content.rows == ((1, 0.5, "a"), (2, None, "b"))


def test_of_a_lazy_frame_the_rows_are_not_counted():
    polars = pytest.importorskip("polars")
    content = content_of(polars.from_pandas(FRAME).lazy(), 1)
    assert (content.python_type, content.shape, len(content.rows)) == ("polars LazyFrame", (None, 3), 1)
    assert content.columns[1] == Column("x", "Float64", None, "")


def test_two_columns_of_one_name_are_both_told():
    assert len(content_of(pandas.concat([FRAME.n, FRAME.n], axis=1), 1).columns) == 2


def test_cells_that_cannot_be_compared_do_not_stop_a_preview():
    frame = pandas.DataFrame(
        {"o": [{"a": 1}, [2]], "m": [1, "x"], "t": pandas.to_datetime(["2024-01-01", None])}
    )
    content = content_of(frame, 2)
    assert [each.range for each in content.columns] == [
        "",
        "2 different",
        "2024-01-01 00:00:00 to 2024-01-01 00:00:00",
    ]
    assert content.rows == (("{'a': 1}", 1, "2024-01-01 00:00:00"), ("[2]", "x", None))


def test_an_array_is_told_by_shape_type_and_range():
    content = content_of(numpy.array([[1.0, numpy.nan], [3.0, 4.0]]), 1)
    assert (content.kind, content.shape) == ("array", (2, 2))
    assert content.facts == {"dtype": "float64", "range": "1 to 4", "nan": "1"}
    assert content_of(numpy.array([numpy.nan]), 1).facts == {"dtype": "float64", "nan": "1"}
    assert content.rows == ((1.0, None),)
    assert content_of(numpy.zeros((0, 3)), 5).shape == (0, 3)
    assert content_of(numpy.array(5), 5).rows == ((5,),)


def test_a_tree_is_json_with_its_long_ends_cut():
    content = content_of({"a": list(range(100)), "b": {"c": print}, "n": None}, 10)
    told = json.loads(content.text)
    assert told["a"][-1] == "... 80 more"
    assert told["b"]["c"] == "<builtin_function_or_method>"
    assert content.facts == {"items": "3"}


def test_a_text_is_told_by_its_head():
    content = content_of("line\n" * 5000, 10)
    assert content.facts == {"characters": "25,000", "lines": "5,000"}
    assert len(content.text) < 5000


def test_bytes_are_told_as_a_dump():
    assert content_of(b"mlo\x00", 1).text == "00000000  6d 6c 6f 00                                      mlo."


def test_a_picture_is_told_by_its_size():
    image = pytest.importorskip("PIL.Image").new("RGB", (4000, 10))
    content = content_of(image, 1)
    assert (content.kind, content.shape, content.media) == ("picture", (4000, 10), "image/png")
    assert content.picture.startswith(b"\x89PNG")


class Own:
    def __repr__(self) -> str:
        return "own " * 3000


@pytest.mark.parametrize("value", [Own(), object(), pandas.Series([1, 2], name="s"), 3, None, {1, 2}, (1, 2)])
def test_whatever_comes_can_be_told_and_written_as_json(value: Any):
    told = content_of(value, 3).to_json()
    assert len(json.dumps(told)) < 10_000
    assert told["kind"] in {"object", "tree", "table"}
