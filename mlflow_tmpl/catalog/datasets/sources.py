"""The kinds of data that are not one file, a row each; their modules are imported when an entry uses them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.datasets.format import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOME = "mlflow_tmpl.catalog.datasets"

_ARGUMENTS: Mapping[str, str] = {"load_args": "mapping", "save_args": "mapping"}

_PARTITIONED = Source(
    name="partitioned",
    made_by=f"{_HOME}.partitions.Partitioned",
    keys={
        "filepath": "text",
        "dataset": "text or mapping",
        "suffix": "text",
        "overwrite": "flag",
        "save_lazily": "flag",
        "cache": "flag",
        "fingerprint": "text",
    },
    required=("filepath",),
    value="dict of names and functions that load; values or functions that make them are saved",
    streams=True,
    fingerprint="names and contents of all files; on a remote store, their checksums",
)

_KEDRO_PARTITIONS: Mapping[str, str] = {"path": "filepath", "filename_suffix": "suffix"}

_INCREMENTAL = replace(
    _PARTITIONED,
    name="incremental",
    made_by=f"{_HOME}.partitions.Incremental",
    keys={**_PARTITIONED.keys, "checkpoint": "text"},
    value="the same, of what no successful run has taken yet",
    fingerprint="names and contents of the newest batch",
)

_TABLE = Source(
    name="sql.table",
    made_by=f"{_HOME}.sql.SqlTable",
    keys={"table": "text", "con": "text", "watermark": "text", **_ARGUMENTS},
    required=("table",),
    value="pandas frame, saved without the index",
    library="pandas",
    aliases=("pandas.SQLTableDataset",),
    renamed={"table_name": "table"},
    streams=True,
    fingerprint="the answer to the `watermark` query, if there is one",
    package="sqlalchemy",
    extra="sql",
)

_IBIS = Source(
    name="ibis.table",
    made_by=f"{_HOME}.ibis_table.IbisTable",
    keys={"table": "text", "connection": "mapping", "database": "text", "watermark": "text", **_ARGUMENTS},
    required=("table",),
    value="ibis table; frames are taken too",
    aliases=("ibis.TableDataset",),
    renamed={"table_name": "table"},
    fingerprint="the answer to the `watermark` query, if there is one",
    package="ibis",
    extra="ibis",
)

_DELTA = Source(
    name="delta",
    made_by=f"{_HOME}.delta.Delta",
    keys={"filepath": "text", "frame": "text", **_ARGUMENTS},
    required=("filepath",),
    value="pandas frame; with `frame`, polars' or Arrow's table",
    library="pandas",
    aliases=("pandas.DeltaTableDataset",),
    streams=True,
    fingerprint="the table's id and version",
    package="deltalake",
    extra="delta",
)

_API = Source(
    name="api",
    made_by=f"{_HOME}.api.Api",
    keys={"url": "text", "method": "text", "gives": "text", "load_args": "mapping"},
    required=("url",),
    value="what the answer says it is: JSON, text or bytes; only read",
    saves=False,
    fingerprint="the answer's ETag, if it has a strong one",
    package="requests",
    extra="http",
)

SOURCES = (
    _PARTITIONED,
    replace(
        _PARTITIONED,
        name="partitions.PartitionedDataset",
        renamed=_KEDRO_PARTITIONS,
        defaults={"overwrite": False},
        value="the same; saving adds to the folder",
    ),
    _INCREMENTAL,
    replace(
        _INCREMENTAL,
        name="partitions.IncrementalDataset",
        renamed=_KEDRO_PARTITIONS,
        defaults={"overwrite": False},
        value="the same; saving adds to the folder",
    ),
    _TABLE,
    Source(
        name="sql.query",
        made_by=f"{_HOME}.sql.SqlQuery",
        keys={
            "sql": "text",
            "filepath": "text",
            "con": "text",
            "watermark": "text",
            "load_args": "mapping",
            "execution_options": "mapping",
        },
        value="pandas frame; only read",
        library="pandas",
        aliases=("pandas.SQLQueryDataset",),
        saves=False,
        fingerprint="the query, and the answer to the `watermark` query, if there is one",
        package="sqlalchemy",
        extra="sql",
    ),
    _IBIS,
    _DELTA,
    _API,
    replace(
        _API,
        name="api.APIDataset",
        defaults={"gives": "response"},
        value="the answer as an object of requests; only read",
    ),
)
