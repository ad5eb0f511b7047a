"""Delta tables, through deltalake: a folder with a log of its own, which makes every save atomic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.arrow import as_table
from mlflow_tmpl.catalog.datasets.calls import first_of
from mlflow_tmpl.catalog.places import is_remote, local_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlflow_tmpl.catalog.datasets.context import Context


def _as_polars(table: Any, **load_args: Any) -> Any:
    import polars

    return polars.from_arrow(table.to_pyarrow_table(**load_args))


_FRAMES: Mapping[str, Callable[..., Any]] = {
    "pandas": lambda table, **load_args: table.to_pandas(**load_args),
    "arrow": lambda table, **load_args: table.to_pyarrow_table(**load_args),
    "polars": _as_polars,
}


class Delta:
    """A Delta table.

    Args:
        context: where the entry stands, with the store's options.
        filepath: the table's folder.
        frame: whose tables are given, one of ``pandas``, ``polars`` and ``arrow``; all are taken.
        load_args: `version`, and what deltalake's ``to_pandas`` or ``to_pyarrow_table`` take.
        save_args: for ``deltalake.write_deltalake``; a save replaces the content unless `mode` says otherwise.
    """

    def __init__(
        self,
        context: Context,
        filepath: str,
        *,
        frame: str = "pandas",
        load_args: Mapping[str, Any] | None = None,
        save_args: Mapping[str, Any] | None = None,
    ) -> None:
        if frame not in _FRAMES:
            raise ValueError(f"'frame' is one of {', '.join(_FRAMES)}, not {frame!r}")
        self._uri = filepath if is_remote(filepath) else str(local_path(filepath, context.root))
        self._options = {key: str(value) for key, value in context.credentials.items()} or None
        self._frame = frame
        self._load_args, self._save_args = dict(load_args or {}), dict(save_args or {})

    def load(self) -> Any:
        """Return the table's content."""
        arguments = {key: value for key, value in self._load_args.items() if key != "version"}
        return _FRAMES[self._frame](self._opened(), **arguments)

    def head(self, rows: int) -> Any:
        """Return the first rows, as an Arrow table."""
        import pyarrow
        from deltalake import QueryBuilder

        # Not Arrow's own head: a scan that is given up may end the process with an abort.
        query = QueryBuilder().register("rows", self._opened())
        return pyarrow.table(query.execute(f"SELECT * FROM rows LIMIT {int(rows)}").read_all())

    def save(self, data: Any) -> None:
        """Make a new version of the table."""
        self.save_stream([data])

    def save_stream(self, chunks: Iterable[Any]) -> None:
        """Make a new version of the table of chunks, none of which has to be in memory with another."""
        from deltalake import write_deltalake
        from pyarrow import RecordBatchReader

        first, rest = first_of(iter(chunks))
        schema = as_table(first).schema.remove_metadata()
        batches = (batch for chunk in rest for batch in as_table(chunk).cast(schema).to_batches())
        arguments = {"mode": "overwrite", **self._save_args}
        if arguments["mode"] == "overwrite":
            arguments = {"schema_mode": "overwrite", **arguments}
        reader = RecordBatchReader.from_batches(schema, batches)
        write_deltalake(self._uri, reader, storage_options=self._options, **arguments)

    def exists(self) -> bool:
        """Tell whether there is such a table."""
        from deltalake import DeltaTable

        return bool(DeltaTable.is_deltatable(self._uri, self._options))

    def fingerprint(self) -> str | None:
        """Return the table's own id and version."""
        table = self._opened()
        return f"{table.metadata().id}:{table.version()}"

    def _opened(self) -> Any:
        from deltalake import DeltaTable

        return DeltaTable(self._uri, version=self._load_args.get("version"), storage_options=self._options)
