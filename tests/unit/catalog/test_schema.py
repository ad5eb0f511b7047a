from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pandas
import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.errors import CatalogError, DataError

pytest.importorskip("pandera")

SOURCE = """
import pandera.pandas as pa
import pandera.polars as pap

class Positive(pa.DataFrameModel):
    a: int = pa.Field(gt=0)

class Holder:
    INNER = pa.DataFrameSchema({"a": pa.Column(float, coerce=True)})

POLARS = pap.DataFrameSchema({"a": pap.Column(int, pap.Check.gt(0)), "b": pap.Column(str)})
BROKEN = pa.DataFrameSchema({"a": pa.Column(int, pa.Check(lambda column: 1 / 0))})
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = f"schemas_{uuid4().hex[:8]}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def checked(catalog_of: Callable[..., Catalog], path: str, filepath: str = "x.csv") -> Catalog:
    return catalog_of(x={"filepath": filepath, "schema": path})


def test_rows_that_do_not_fit_are_shown_few_and_short(catalog_of: Callable[..., Catalog], module: str):
    catalog = checked(catalog_of, f"{module}.Positive")
    with pytest.raises(DataError) as caught:
        catalog.save("x", pandas.DataFrame({"a": range(0, -20, -1)}))
    assert caught.value.message.splitlines() == [
        f"dataset 'x' is not saved: it does not fit schema '{module}.Positive' in 20 places:",
        "  row 0, column 'a': 0 fails greater_than(0)",
        *[f"  row {at}, column 'a': -{at} fails greater_than(0)" for at in range(1, 5)],
        "  and 15 more",
    ]
    assert not catalog.exists("x")


def test_a_column_that_is_not_there_is_named(catalog_of: Callable[..., Catalog], module: str):
    with pytest.raises(DataError, match="column_in_dataframe: a"):
        checked(catalog_of, f"{module}.Positive").save("x", pandas.DataFrame({"b": [1]}))


def test_polars_frames_are_checked_by_polars_schemas(catalog_of: Callable[..., Catalog], module: str):
    polars = pytest.importorskip("polars")
    catalog = catalog_of(x={"type": "polars.csv", "filepath": "x.csv", "schema": f"{module}.POLARS"})
    with pytest.raises(DataError, match="row 1, column 'a': -1 fails greater_than"):
        catalog.save("x", polars.DataFrame({"a": [1, -1], "b": ["x", "y"]}))
    catalog.save("x", polars.DataFrame({"a": [1], "b": ["x"]}))
    assert catalog.load("x").shape == (1, 2)


def test_a_schema_within_a_class_is_found_and_coerces(catalog_of: Callable[..., Catalog], module: str):
    catalog = checked(catalog_of, f"{module}.Holder.INNER")
    catalog.save("x", pandas.DataFrame({"a": [1]}))
    assert (catalog.root / "x.csv").read_text() == "a\n1.0\n"
    assert str(catalog.load("x").a.dtype) == "float64"


def test_every_chunk_is_checked(catalog_of: Callable[..., Catalog], module: str):
    catalog = checked(catalog_of, f"{module}.Positive")
    good, bad = pandas.DataFrame({"a": [1]}), pandas.DataFrame({"a": [0]})
    catalog.put("x", iter([good, good]), chunks=True)
    assert len(catalog.load("x")) == 2
    with pytest.raises(DataError, match="row 0, column 'a': 0 fails"):
        catalog.put("x", iter([good, bad]), chunks=True)
    assert len(catalog.load("x")) == 2


def test_nothing_is_checked_where_that_is_not_wanted(catalog_of: Callable[..., Catalog], module: str):
    catalog = checked(catalog_of, f"{module}.Positive").variant(validate=False)
    catalog.save("x", pandas.DataFrame({"a": [0]}))
    assert catalog.load("x").a.tolist() == [0]
    assert "schema" not in catalog.describe("x")


def test_looking_for_a_schema_imports_nothing(catalog_of: Callable[..., Catalog], module: str):
    catalog = checked(catalog_of, f"{module}.Positive")
    catalog.check_use([], ["x"])
    assert module not in sys.modules
    with pytest.raises(CatalogError, match="has no 'Positiv'"):
        checked(catalog_of, f"{module}.Positiv").check_use([], ["x"])
    assert module not in sys.modules


def test_a_check_that_fails_itself_is_told_as_such(catalog_of: Callable[..., Catalog], module: str):
    with pytest.raises(DataError, match="ZeroDivisionError"):
        checked(catalog_of, f"{module}.BROKEN").save("x", pandas.DataFrame({"a": [1]}))


def test_what_is_no_table_is_refused(catalog_of: Callable[..., Catalog], module: str):
    with pytest.raises(DataError, match="cannot be checked"):
        checked(catalog_of, f"{module}.Positive", "x.json").save("x", {"a": 1})


def test_a_missing_pandera_is_told_with_what_to_install(
    catalog_of: Callable[..., Catalog], module: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mlflow_tmpl.catalog.schema.find_spec", lambda name: None)
    with pytest.raises(CatalogError) as caught:
        checked(catalog_of, f"{module}.Positive").check_use([], ["x"])
    assert caught.value.message.endswith("which needs the package 'pandera'")
    assert caught.value.hint == "pip install 'mlflow-tmpl[pandera]'"
