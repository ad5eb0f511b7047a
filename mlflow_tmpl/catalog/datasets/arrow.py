"""Tables of Arrow, and the Parquet writer that all libraries' chunks go through."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import first_of, function, reads, writes_with
from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TABLE = "pyarrow.Table"

_OF_PANDAS = ("engine", "index", "partition_cols", "storage_options")
"""Arguments of pandas's `to_parquet` that Arrow's writer does not know."""


def stream_parquet(chunks: Iterator[Any], file: IO[bytes], **save_args: Any) -> None:
    """Write chunks (frames of pandas or polars, Arrow tables or batches) as row groups; an index is left out."""
    from pyarrow.parquet import ParquetWriter

    options = {key: value for key, value in save_args.items() if key not in _OF_PANDAS}
    _stream(chunks, lambda schema: ParquetWriter(file, schema, **options))


def _stream_feather(chunks: Iterator[Any], file: IO[bytes], **save_args: Any) -> None:
    from pyarrow import ipc

    options = ipc.IpcWriteOptions(**save_args) if save_args else None
    _stream(chunks, lambda schema: ipc.new_file(file, schema, options=options))


def _stream_csv(chunks: Iterator[Any], file: IO[bytes], **save_args: Any) -> None:
    from pyarrow import csv

    options = csv.WriteOptions(**save_args) if save_args else None
    _stream(chunks, lambda schema: csv.CSVWriter(file, schema, write_options=options))


def _stream(chunks: Iterator[Any], writer_for: Callable[[Any], Any]) -> None:
    first, rest = first_of(chunks)
    schema = as_table(first).schema.remove_metadata()
    with writer_for(schema) as writer:
        for number, chunk in enumerate(rest, start=1):
            table = as_table(chunk)
            if table.schema.names != schema.names:
                raise ValueError(
                    f"chunk {number} has the columns {table.schema.names}, the first has {schema.names}"
                )
            writer.write_table(table.cast(schema))


def as_table(chunk: Any) -> Any:
    """Return a chunk of any of the libraries as an Arrow table.

    Raises:
        TypeError: it is no table.
    """
    import pyarrow

    if isinstance(chunk, pyarrow.Table):
        return chunk
    if isinstance(chunk, pyarrow.RecordBatch):
        return pyarrow.Table.from_batches([chunk])
    if hasattr(chunk, "to_arrow"):
        return chunk.to_arrow()
    if hasattr(chunk, "iloc") and hasattr(chunk, "columns"):
        return pyarrow.Table.from_pandas(chunk, preserve_index=False)
    raise TypeError(f"a table is needed (pandas, polars or Arrow), not {type(chunk).__name__}")


def parquet_head(convert: str = "") -> Callable[..., Any]:
    """Return a `head` that reads no more row groups than it needs.

    Args:
        convert: method of an Arrow table that gives what `load` gives; empty for the table itself.
    """

    def head(source: Any, rows: int, **load_args: Any) -> Any:
        import pyarrow
        from pyarrow.parquet import ParquetFile

        with ParquetFile(source) as file:
            batch = next(file.iter_batches(batch_size=rows, columns=load_args.get("columns")), None)
            empty = file.schema_arrow.empty_table()
            table = pyarrow.Table.from_batches([batch]) if batch is not None else empty
        return getattr(table, convert)() if convert else table

    return head


def _calls(read: str, write: str) -> Mapping[str, Any]:
    return {"load": reads(read), "save": writes_with(write, _TABLE), "package": "pyarrow", "extra": "parquet"}


def _save_csv(data: Any, target: Any, **save_args: Any) -> None:
    options = {"write_options": function("pyarrow.csv.WriteOptions")(**save_args)} if save_args else {}
    writes_with("pyarrow.csv.write_csv", _TABLE)(data, target, **options)


ARROW = (
    Format(
        name="arrow.parquet",
        value="Arrow table",
        suffixes=(".parquet", ".pq"),
        exact=True,
        stream=stream_parquet,
        head=parquet_head(),
        **_calls("pyarrow.parquet.read_table", "pyarrow.parquet.write_table"),
    ),
    Format(
        name="arrow.feather",
        value="Arrow table",
        suffixes=(".arrow", ".feather", ".ipc"),
        exact=True,
        stream=_stream_feather,
        **_calls("pyarrow.feather.read_table", "pyarrow.feather.write_feather"),
    ),
    Format(
        name="arrow.orc",
        value="Arrow table",
        suffixes=(".orc",),
        **_calls("pyarrow.orc.read_table", "pyarrow.orc.write_table"),
    ),
    Format(
        name="arrow.csv",
        value="Arrow table",
        suffixes=(".csv",),
        stream=_stream_csv,
        **{**_calls("pyarrow.csv.read_csv", "pyarrow.csv.write_csv"), "save": _save_csv},
    ),
)
