"""What every format promises, whatever library is behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.datasets import FORMATS, LIBRARIES, Format, format_named, formats_of
from mlflow_tmpl.errors import CatalogError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = {"a": [1, 2, 3], "b": ["x", "ä", "z"], "c": [0.5, 1.5, -2.0]}


def sample(form: Format) -> Any:
    """Return a value for a format."""
    library = form.name.partition(".")[0]
    if library in SAMPLES:
        return SAMPLES[library]()
    if form.name in SAMPLES_BY_NAME:
        return SAMPLES_BY_NAME[form.name]()
    return COLUMNS


def _pandas() -> Any:
    import pandas

    return pandas.DataFrame(COLUMNS)


def _polars() -> Any:
    import polars

    return polars.DataFrame(COLUMNS)


def _arrow() -> Any:
    import pyarrow

    return pyarrow.table(COLUMNS)


def _duckdb() -> Any:
    import duckdb

    connection = duckdb.connect()
    return connection.sql(
        "SELECT * FROM (VALUES (1, 'x', 0.5::double), (2, 'ä', 1.5), (3, 'z', -2)) t(a, b, c)"
    )


def _ibis() -> Any:
    import ibis

    return ibis.memtable(_pandas())


def _figure() -> Any:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2])
    return figure


def _plotly() -> Any:
    from plotly.graph_objects import Figure

    return Figure({"data": [{"type": "bar", "y": [1, 2]}]})


def _image() -> Any:
    from PIL import Image

    return Image.new("RGB", (4, 3), (200, 10, 30))


def _array() -> Any:
    import numpy

    return numpy.arange(12.0).reshape(6, 2)


def _model() -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


def _onnx() -> Any:
    from skl2onnx import to_onnx

    return to_onnx(_model(), _array()[:, :1])


def _torch() -> Any:
    import torch

    return {"weight": torch.arange(3)}


SAMPLES: dict[str, Callable[[], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
    "arrow": _arrow,
    "duckdb": _duckdb,
    "ibis": _ibis,
    "matplotlib": _figure,
    "plotly": _plotly,
    "image": _image,
    "npy": _array,
    "skops": _model,
    "onnx": _onnx,
    "torch": _torch,
}

SAMPLES_BY_NAME: dict[str, Callable[[], Any]] = {
    **dict.fromkeys(("csv", "parquet", "excel", "feather", "orc", "xml"), _pandas),
    "jsonl": lambda: [{"a": 1, "b": "ä"}, [1], None, "x"],
    "text": lambda: "one\ntwo\nthree ä",
    "bytes": lambda: b"\0\xff\n",
    "npz": lambda: {"a": _array(), "b": _array()[0]},
    "cloudpickle": lambda: {"f": len},
}


def plain(value: Any) -> Any:
    """Return a value as one that can be compared with `==`."""
    if hasattr(value, "collect"):
        value = value.collect()
    if hasattr(value, "df"):  # a relation of DuckDB
        value = value.df()
    elif hasattr(value, "to_pandas"):
        value = value.to_pandas()
    for way in ("to_plotly_json", "tolist", "SerializeToString", "tobytes"):
        if hasattr(value, way):
            return getattr(value, way)() if way != "to_plotly_json" else json.loads(value.to_json())
    if hasattr(value, "coef_"):
        return value.coef_.tolist()
    if hasattr(value, "to_dict"):
        return value.to_dict("list")
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value


def needs(form: Format) -> None:
    if form.package and find_spec(form.package) is None:
        pytest.skip(f"{form.package} is not installed")


def entry(form: Format) -> dict[str, str]:
    suffix = form.suffixes[0] if form.suffixes else ".json"
    return {"type": form.name, "filepath": f"deep/x{suffix}"}


every = pytest.mark.parametrize("form", FORMATS, ids=[form.name for form in FORMATS])
LOADED = [form for form in FORMATS if form.load and form.name not in ("image",)]
loaded = pytest.mark.parametrize("form", LOADED, ids=[form.name for form in LOADED])


@loaded
def test_what_is_saved_is_loaded_again(catalog_of: Callable[..., Catalog], form: Format) -> None:
    needs(form)
    catalog, value = catalog_of(x=entry(form)), sample(form)
    catalog.save("x", value)
    assert plain(catalog.load("x")) == plain(value)
    if form.exact:
        assert type(catalog.load("x")) is type(value)


@every
def test_equal_values_give_equal_bytes(catalog_of: Callable[..., Catalog], form: Format) -> None:
    needs(form)
    if form.name == "skops":
        pytest.skip("its archive names parts by their addresses")
    catalog, value = catalog_of(x=entry(form)), sample(form)
    catalog.save("x", value)
    first = catalog.dataset("x").fingerprint()
    catalog.save("x", value)
    assert catalog.dataset("x").fingerprint() == first


@loaded
def test_a_format_goes_through_any_file_system(form: Format, tmp_path: Path) -> None:
    needs(form)
    url = f"memory://{tmp_path.name}/{entry(form)['filepath']}"
    catalog = Catalog.of({"x": {"type": form.name, "filepath": url}}, root=tmp_path)
    catalog.save("x", sample(form))
    assert plain(catalog.load("x")) == plain(sample(form))


PACKED = [form for form in FORMATS if form.compressed]


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("form", PACKED, ids=[form.name for form in PACKED])
def test_a_second_suffix_compresses(
    catalog_of: Callable[..., Catalog], tmp_path: Path, form: Format, packing: str
) -> None:
    needs(form)
    written = entry(form)
    catalog = catalog_of(x=written, y={**written, "filepath": written["filepath"] + packing})
    for name in ("x", "y"):
        catalog.save(name, sample(form))
    bare = (tmp_path / written["filepath"]).read_bytes()
    packed = (tmp_path / (written["filepath"] + packing)).read_bytes()
    assert packed[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7")
    assert packed != bare
    assert plain(catalog.load("y")) == plain(catalog.load("x"))


HEADED = [form for form in FORMATS if form.head]


@pytest.mark.parametrize("form", HEADED, ids=[form.name for form in HEADED])
def test_the_head_is_the_first_rows(catalog_of: Callable[..., Catalog], form: Format) -> None:
    needs(form)
    catalog = catalog_of(x=entry(form))
    catalog.save("x", sample(form))
    head = getattr(catalog.dataset("x"), "head")(2)  # noqa: B009
    if form.name == "text":
        assert head == "one\ntwo\n"
    else:
        assert len(head) == 2
        whole = plain(catalog.load("x"))
        assert plain(head) == ({k: v[:2] for k, v in whole.items()} if isinstance(whole, dict) else whole[:2])


def test_a_format_without_a_cheap_head_has_none(catalog_of: Callable[..., Catalog]) -> None:
    assert getattr(catalog_of(x="x.json").dataset("x"), "head") is None  # noqa: B009


STREAMED = [form for form in FORMATS if form.stream]


@pytest.mark.parametrize("form", STREAMED, ids=[form.name for form in STREAMED])
def test_chunks_give_what_the_whole_gives(catalog_of: Callable[..., Catalog], form: Format) -> None:
    needs(form)
    whole = sample(form)
    chunks = (
        [whole[:2], whole[2:]] if not form.name.startswith("polars.lazy") else [_polars()[:2], _polars()[2:]]
    )
    catalog = catalog_of(x=entry(form), y=entry(form) | {"filepath": "y" + form.suffixes[0]})
    catalog.dataset("x").save_stream(iter(chunks))  # type: ignore[attr-defined]
    catalog.save("y", whole)
    assert plain(catalog.load("x")) == plain(catalog.load("y"))


@pytest.mark.parametrize("form", STREAMED, ids=[form.name for form in STREAMED])
def test_no_chunk_at_all_is_told_where_columns_are_needed(
    catalog_of: Callable[..., Catalog], form: Format
) -> None:
    needs(form)
    stream = catalog_of(x=entry(form)).dataset("x").save_stream  # type: ignore[attr-defined]
    if form.name in ("text", "bytes", "jsonl"):
        stream(iter([]))
    else:
        with pytest.raises(DataError, match="no chunk came, so there are no columns to write"):
            stream(iter([]))


TABLES = [form for form in STREAMED if form.name not in ("text", "bytes", "jsonl")]


@pytest.mark.parametrize("form", TABLES, ids=[form.name for form in TABLES])
def test_a_chunk_with_other_columns_is_refused(catalog_of: Callable[..., Catalog], form: Format) -> None:
    needs(form)
    frame = _polars() if form.name.startswith("polars") else _pandas()
    other = frame[["a", "b"]]
    if form.name == "arrow.csv":
        frame, other = _arrow(), _arrow().select(["a", "b"])
    with pytest.raises(
        DataError, match=r"chunk 2 has the columns \['a', 'b'\], the first has \['a', 'b', 'c'\]"
    ):
        catalog_of(x=entry(form)).dataset("x").save_stream(iter([frame, other]))  # type: ignore[attr-defined]


@every
def test_a_value_of_another_kind_is_refused_and_leaves_nothing(
    catalog_of: Callable[..., Catalog], tmp_path: Path, form: Format
) -> None:
    needs(form)
    if form.exact and form.name in ("pickle", "joblib"):
        pytest.skip("they take anything")
    strange = open(__file__, "rb")  # noqa: SIM115
    with strange, pytest.raises(DataError, match="dataset 'x' cannot be saved to deep/x"):
        catalog_of(x=entry(form)).save("x", strange)
    assert list((tmp_path / "deep").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "filepath", "more", "expected"),
    [
        ("polars.EagerPolarsDataset", "x", {"file_format": "parquet"}, "polars.parquet"),
        ("polars.LazyPolarsDataset", "x.csv", {}, "polars.lazy.csv"),
        ("polars.CSVDataset", "x.csv", {}, "polars.csv"),
        ("pandas.GenericDataset", "x", {"file_format": "excel"}, "excel"),
        ("pandas.FeatherDataset", "x.feather", {}, "feather"),
        ("json.JSONDataset", "x.json", {}, "json"),
        ("pillow.ImageDataset", "x.png", {}, "image"),
        ("pickle.PickleDataset", "model.bin", {}, "pickle"),
        ("pickle.PickleDataset", "model.bin", {"backend": "joblib"}, "joblib"),
        ("polars", "x.parquet", {}, "polars.parquet"),
        ("pandas", "x.json.gz", {}, "pandas.json"),
        ("arrow", "x.pq", {}, "arrow.parquet"),
        ("duckdb", "x.parquet", {}, "duckdb.parquet"),
    ],
)
def test_a_library_s_name_and_the_suffix_tell_the_format(
    catalog_of: Callable[..., Catalog], name: str, filepath: str, more: dict[str, str], expected: str
) -> None:
    catalog = catalog_of(x={"type": name, "filepath": filepath, **more})
    assert catalog.describe("x")["type"] == expected


def test_a_suffix_that_a_library_does_not_know_is_refused(written_catalog: Callable[..., Catalog]) -> None:
    catalog = written_catalog(x={"type": "polars", "filepath": "x.xlsx"})
    with pytest.raises(CatalogError) as caught:
        catalog.dataset("x")
    assert str(caught.value) == (
        "catalog.yml:1:20: dataset 'x' has type 'polars', which does not know the format of 'x.xlsx' "
        "(file_format is one of csv, parquet, ipc, feather, ndjson, jsonl, json)"
    )


@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_every_format_that_a_library_offers_exists(library: str) -> None:
    if LIBRARIES[library]:
        assert formats_of(library)
        for name in formats_of(library):
            assert format_named(library, file_format=name) is not None


def test_every_name_stands_for_one_format() -> None:
    names = [name for form in FORMATS for name in (form.name, *form.aliases)]
    assert len(names) == len(set(names))


def test_reading_entries_imports_no_library() -> None:
    script = """
import sys
from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.datasets import FORMATS
catalog = Catalog.of({f"x{i}": {"type": f.name, "filepath": "x"} for i, f in enumerate(FORMATS)})
catalog.check()
for name in catalog.names:
    catalog.dataset(name); catalog.describe(name); catalog.exists(name)
heavy = {f.package for f in FORMATS} | {"pandas", "numpy", "fsspec"}
print(sorted(heavy & set(sys.modules)))
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
