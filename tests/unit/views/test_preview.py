from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pandas
import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.errors import CatalogError, DataError
from mlflow_tmpl.views import preview as module
from mlflow_tmpl.views.contents import Content
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.pictures import picture_of
from mlflow_tmpl.views.preview import preview
from mlflow_tmpl.views.preview_html import preview_fragment, preview_page
from mlflow_tmpl.views.preview_lines import preview_lines, told_shape

FRAME = pandas.DataFrame({"n": range(50), "<b>": ["x & y"] * 50, "long": [None, "z" * 100] * 25})


def catalog(root: Path, **entries: Any) -> Catalog:
    return Catalog.of(entries, root=root)


def test_a_table_is_shown_with_columns_that_stand_below_each_other(tmp_path: Path):
    names = catalog(tmp_path, x="x.csv")
    names.save("x", FRAME)
    lines = list(preview_lines(preview(names, "x", rows=2), Paper(60)))
    assert lines == [
        "x  csv",
        "  place        x.csv  (3 kB)",
        "  holds        pandas DataFrame, 50 rows x 3 columns",
        "",
        "column  dtype  nulls  range",
        "n       int64      0  0 to 49",
        "<b>     str        0  1 different",
        "long    str       25  1 different",
        "",
        "n  <b>    long",
        "0  x & y  -",
        "1  x & y  zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...",
    ]


def test_of_a_folder_of_partitions_the_first_is_shown_and_all_are_named(tmp_path: Path):
    names = catalog(tmp_path, x={"type": "partitioned", "filepath": "x", "dataset": "csv"})
    names.save("x", {name: pandas.DataFrame({"a": [1, 2]}) for name in "abcdefghijklmnop"})
    assert list(preview_lines(preview(names, "x", rows=1), Paper(80))) == [
        "x  partitioned",
        "  place        x  (96 bytes)",
        "  holds        pandas DataFrame, 2 rows x 1 column",
        "  partitions   16: a, b, c, d, e, f, g, h, i, j, k, l, ...",
        "  read         the first partition, 'a'",
        "",
        "column  dtype  nulls  range",
        "a       int64      0  1 to 2",
        "",
        "a",
        "1",
    ]


def test_of_a_large_file_only_the_head_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    names = catalog(tmp_path, x="x.csv", y="y.pkl")
    names.save("x", FRAME)
    names.save("y", list(range(1000)))
    monkeypatch.setattr(module, "SMALL_BYTES", 100)
    monkeypatch.setattr(module, "LARGE_BYTES", 1000)
    monkeypatch.setattr(pandas, "read_csv", lambda *given, **named: FRAME.head(named["nrows"]))
    shown = preview(names, "x", rows=3)
    assert not shown.whole
    assert shown.content.shape == (50, 3)
    assert len(shown.content.rows) == 3
    assert shown.content.columns[2].nulls is None
    with pytest.raises(DataError, match="dataset 'y' takes 2,760 bytes and can only be read as a whole"):
        preview(names, "y")
    assert preview(names, "y", whole=True).whole


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kept", "dataset 'kept' is kept in memory: there is nothing of it between runs"),
        ("gone", "dataset 'gone': gone.csv does not exist"),
        ("folder", "dataset 'folder': . is a folder, not a file"),
        ("gonne", "dataset 'gonne' is not in the catalog (did you mean 'gone'?)"),
    ],
)
def test_what_cannot_be_shown_is_refused(tmp_path: Path, name: str, message: str):
    folder = {"type": "csv", "filepath": "."}
    with pytest.raises(CatalogError) as caught:
        preview(catalog(tmp_path, kept={"type": "memory"}, gone="gone.csv", folder=folder), name)
    assert message in str(caught.value)


def test_a_page_holds_data_as_text_and_fetches_nothing(tmp_path: Path):
    names = catalog(tmp_path, x="x.csv")
    names.save("x", FRAME)
    page = preview_page(preview(names, "x", rows=2))
    assert "<th>&lt;b&gt;</th>" in page
    assert "<td>x &amp; y</td>" in page
    assert '<td class="number">1</td>' in page
    assert "<script" not in page
    assert "http://" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + b"\xff" * 3 * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_a_figure_that_cannot_be_loaded_is_shown_as_the_picture_that_it_is(tmp_path: Path):
    (tmp_path / "f.png").write_bytes(png(7, 5))
    shown = preview(catalog(tmp_path, f={"type": "matplotlib", "filepath": "f.png"}), "f")
    assert told_shape(shown.content) == "picture, 7 x 5 pixels"
    assert "data:image/png;base64,iVBOR" in preview_fragment(shown)
    assert shown.to_json()["shape"] == [7, 5]


@pytest.mark.parametrize(
    ("name", "content", "shape"),
    [
        ("a.svg", b'<?xml version="1.0"?><svg width="72pt" height="36.4pt" viewBox="0 0 1 1">', (72, 36)),
        ("a.svg", b'<svg viewBox="0 0 30 40">', (30, 40)),
        ("a.gif", b"GIF89a" + struct.pack("<HH", 3, 4), (3, 4)),
        ("a.jpg", b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x05\x00\x06\x03\x00", (6, 5)),
        ("a.png", b"no picture", None),
        ("a.jpg", b"", None),
    ],
)
def test_the_size_of_a_picture_is_told_by_its_first_bytes(
    tmp_path: Path, name: str, content: bytes, shape: tuple[int, int] | None
):
    (tmp_path / name).write_bytes(content)
    assert picture_of(tmp_path / name).shape == shape


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (Content("table", "polars LazyFrame", (None, 2)), "polars LazyFrame, rows not counted x 2 columns"),
        (Content("table", "pandas DataFrame", (1, 1)), "pandas DataFrame, 1 row x 1 column"),
        (Content("array", "numpy ndarray", (2, 3, 4)), "numpy ndarray, 2 x 3 x 4"),
        (Content("tree", "dict"), "dict"),
    ],
)
def test_shapes_are_told_in_words(content: Content, told: str):
    assert told_shape(content) == told


def test_a_notebook_shows_catalog_datasets_and_previews(tmp_path: Path):
    names = catalog(tmp_path, **{"x": "x.csv", "f_{a}": "{a}.json", "m": {"type": "memory"}})
    names.save("x", FRAME)
    html = names._repr_html_()
    assert ">x<" in html
    assert ">f_{a}<" in html
    assert names._ipython_key_completions_() == ["x", "m"]
    assert repr(names) == "<Catalog of 2: x, m>"
    assert "x.csv" in names["x"]._repr_html_()
    assert "memory" in names["m"]._repr_html_()
    assert "x &amp; y" in preview(names, "x")._repr_html_()
