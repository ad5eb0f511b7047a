"""Relations of DuckDB and tables of ibis over files: a query that runs when its rows are asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import function, method_of
from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable

_SUFFIXES = {"csv": (".csv",), "parquet": (".parquet", ".pq"), "json": (".json", ".jsonl", ".ndjson")}


def _duckdb_load(kind: str) -> Callable[..., Any]:
    def load(source: Any, **load_args: Any) -> Any:
        # A connection of its own: the library's default one must not be used by two threads.
        return getattr(function("duckdb.connect")(), f"read_{kind}")(os.fspath(source), **load_args)

    return load


def _ibis_load(kind: str) -> Callable[..., Any]:
    def load(source: Any, **load_args: Any) -> Any:
        return getattr(function("ibis.duckdb").connect(), f"read_{kind}")(os.fspath(source), **load_args)

    return load


def _limited(load: Callable[..., Any]) -> Callable[..., Any]:
    def head(source: Any, rows: int, **load_args: Any) -> Any:
        found = load(source, **load_args).limit(rows)
        return found.df() if hasattr(found, "df") else found.to_pandas()

    return head


def _saves(method: str, kind: str) -> Callable[..., None]:
    def save(data: Any, target: Any, **save_args: Any) -> None:
        method_of(data, method, kind)(os.fspath(target), **save_args)

    return save


def _duckdb_json(data: Any, target: Any, **save_args: Any) -> None:
    """Write JSON through a query: a relation has no method for it."""
    if save_args:
        raise TypeError(f"it takes no save_args, but has {', '.join(save_args)}")
    quoted = os.fspath(target).replace("'", "''")
    method_of(data, "query", "a DuckDB relation")(
        "rows", f"COPY (SELECT * FROM rows) TO '{quoted}' (FORMAT json)"
    )


def _ibis_json(data: Any, target: Any, **save_args: Any) -> None:
    """Write JSON by way of Arrow: ibis's own way does not know tables that were made in memory."""
    table = method_of(data, "to_pyarrow", "an ibis table")()
    _duckdb_json(function("duckdb.connect")().from_arrow(table), target, **save_args)


def _relation(
    library: str, kind: str, value: str, load: Callable[..., Any], save: Callable[..., None]
) -> Format:
    return Format(
        name=f"{library}.{kind}",
        value=value,
        suffixes=_SUFFIXES[kind],
        load=load,
        head=_limited(load),
        save=save,
        local=True,
        package=library,
        extra=library,
    )


_DUCKDB = {"csv": "write_csv", "parquet": "write_parquet"}

RELATIONS = (
    *(
        _relation("duckdb", kind, "DuckDB relation", _duckdb_load(kind), _saves(method, "a DuckDB relation"))
        for kind, method in _DUCKDB.items()
    ),
    _relation("duckdb", "json", "DuckDB relation", _duckdb_load("json"), _duckdb_json),
    *(
        _relation("ibis", kind, "ibis table", _ibis_load(kind), _saves(f"to_{kind}", "an ibis table"))
        for kind in ("csv", "parquet")
    ),
    _relation("ibis", "json", "ibis table", _ibis_load("json"), _ibis_json),
)
