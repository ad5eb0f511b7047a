"""Tables through polars: read at once, or scanned when their rows are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.arrow import stream_parquet
from mlflow_tmpl.catalog.datasets.calls import appends, function, method_of, reads, reads_some
from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAME = "a polars DataFrame or LazyFrame"


def _saves(name: str) -> Callable[..., None]:
    """Return a `save` that writes a frame, or computes a lazy one chunk by chunk into the file."""

    def save(data: Any, target: Any, **save_args: Any) -> None:
        method = ("sink_" if hasattr(data, "collect") else "write_") + name
        method_of(data, method, _FRAME)(target, **save_args)

    return save


def _scans_some(name: str) -> Callable[..., Any]:
    def head(source: Any, rows: int, **load_args: Any) -> Any:
        return function(name)(source, **load_args).head(rows).collect()

    return head


_STREAMS = {
    "csv": appends("write_csv", _FRAME, include_header=False),
    "ndjson": appends("write_ndjson", _FRAME),
    "parquet": stream_parquet,
}

_SUFFIXES = {
    "csv": (".csv",),
    "parquet": (".parquet", ".pq"),
    "ipc": (".arrow", ".feather", ".ipc"),
    "ndjson": (".jsonl", ".ndjson"),
}


def _eager(kind: str, **more: Any) -> Format:
    return Format(
        name=f"polars.{kind}",
        value="polars frame",
        suffixes=_SUFFIXES[kind],
        load=reads(f"polars.read_{kind}"),
        save=_saves(kind),
        stream=_STREAMS.get(kind),
        package="polars",
        extra="polars",
        **more,
    )


def _lazy(kind: str, **more: Any) -> Format:
    return Format(
        name=f"polars.lazy.{kind}",
        value="polars lazy frame",
        suffixes=_SUFFIXES[kind],
        load=reads(f"polars.scan_{kind}"),
        save=_saves(kind),
        head=_scans_some(f"polars.scan_{kind}"),
        local=True,
        stream=_STREAMS.get(kind),
        package="polars",
        extra="polars",
        **more,
    )


POLARS = (
    _eager("csv", aliases=("polars.CSVDataset",), head=reads_some("polars.read_csv", "n_rows")),
    _eager("parquet", exact=True, head=reads_some("polars.read_parquet", "n_rows")),
    _eager("ipc", exact=True, aliases=("polars.feather",), head=reads_some("polars.read_ipc", "n_rows")),
    _eager("ndjson", aliases=("polars.jsonl",), head=reads_some("polars.read_ndjson", "n_rows")),
    Format(
        name="polars.json",
        value="polars frame",
        suffixes=(".json",),
        load=reads("polars.read_json"),
        save=_saves("json"),
        package="polars",
        extra="polars",
    ),
    _lazy("csv"),
    _lazy("parquet"),
    _lazy("ipc", aliases=("polars.lazy.feather",)),
    _lazy("ndjson", aliases=("polars.lazy.jsonl",)),
)
