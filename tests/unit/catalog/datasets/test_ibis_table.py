from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.errors import CatalogError, DataError

ibis = pytest.importorskip("ibis")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

saves = pytest.mark.skipif(
    tuple(map(int, version("sqlglot").split(".")[:2])) >= (30, 10),
    reason="with this sqlglot ibis replaces no table; the extra keeps it out",
)
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


def entry(table: str, backend: str = "duckdb", **more: Any) -> dict[str, Any]:
    connection = {"backend": backend, "database": "data/x.db"}
    return {"type": "ibis.TableDataset", "table_name": table, "connection": connection, **more}


def rows(table: Any) -> list[int]:
    return sorted(table.a.to_pandas().tolist())


@saves
def test_a_table_lies_in_a_file_of_the_project(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog = catalog_of(x=entry("t"))
    assert not catalog.exists("x")
    assert not (tmp_path / "data").exists(), "to ask makes no database"
    catalog.save("x", FRAME.head(1))
    catalog.save("x", FRAME)
    assert catalog.exists("x")
    assert isinstance(catalog.load("x"), ibis.Table)
    assert rows(catalog.load("x")) == [1, 2, 3]
    assert (tmp_path / "data" / "x.db").is_file()
    assert len(catalog.dataset("x").head(2)) == 2  # type: ignore[attr-defined]


@saves
def test_a_query_over_other_tables_of_the_database_stays_there_also_as_a_view(
    catalog_of: Callable[..., Catalog],
) -> None:
    catalog = catalog_of(x=entry("t"), y=entry("u"), z=entry("v", save_args={"materialized": "view"}))
    catalog.save("x", FRAME)
    x = catalog.load("x")
    catalog.save("y", x.filter(x.a > 1))
    catalog.save("z", x.filter(x.a > 2))
    assert rows(catalog.load("y")) == [2, 3]
    assert rows(catalog.load("z")) == [3]
    catalog.save("x", FRAME.assign(a=FRAME.a + 1))
    assert rows(catalog.load("y")) == [2, 3]
    assert rows(catalog.load("z")) == [3, 4], "a view follows its table"


@saves
def test_rows_come_from_elsewhere(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "x.csv", index=False)
    catalog = catalog_of(x=entry("t"), csv={"type": "ibis", "filepath": "x.csv"})
    for data in (catalog.load("csv"), ibis.memtable(FRAME), FRAME, catalog.load("csv").to_pyarrow()):
        catalog.save("x", data)
        assert rows(catalog.load("x")) == [1, 2, 3]
    with pytest.raises(DataError, match="dataset 'x' cannot be saved: an ibis table is needed, not int"):
        catalog.save("x", 1)


@saves
def test_rows_are_appended_where_that_is_said(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=entry("t", save_args={"mode": "append"}))
    catalog.save("x", FRAME)
    catalog.save("x", ibis.memtable(FRAME))
    assert rows(catalog.load("x")) == [1, 1, 2, 2, 3, 3]


@saves
def test_only_a_watermark_tells_that_a_table_changed(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=entry("t"), marked=entry("t", watermark="select max(a) as top from t"))
    catalog.save("x", FRAME)
    before = catalog.dataset("marked").fingerprint()
    assert catalog.dataset("x").fingerprint() is None
    catalog.save("x", FRAME.assign(a=9))
    assert before != catalog.dataset("marked").fingerprint() is not None
    catalog.save("x", FRAME.head(0))
    assert catalog.dataset("marked").fingerprint() is None, "no answer tells nothing"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"save_args": {"mode": "upsert"}}, "'mode' is one of overwrite, append, not 'upsert'"),
        ({"save_args": {"materialized": "x"}}, "'materialized' is one of table, view, not 'x'"),
        ({"connection": "duckdb://"}, "must have a mapping for 'connection'"),
        ({"tabel": "x"}, r"has a key 'tabel' that its type does not know \(did you mean 'table'"),
    ],
)
def test_a_wrong_entry_is_refused(
    catalog_of: Callable[..., Catalog], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog_of(x={**entry("t"), **more}).dataset("x")


def test_a_backend_that_is_not_there_is_told(catalog_of: Callable[..., Catalog]) -> None:
    with pytest.raises(DataError, match=r"dataset 'x' cannot be loaded: .*duckdbb"):
        catalog_of(x=entry("t", "duckdbb")).load("x")
