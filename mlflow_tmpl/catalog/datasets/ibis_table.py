"""Tables of databases as tables of ibis: queries that the database runs when their rows are asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import function, method_of
from mlflow_tmpl.catalog.places import is_remote, local_path
from mlflow_tmpl.hashing import digest_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.catalog.datasets.context import Context

_FILES = ("duckdb", "sqlite")
"""Backends whose database is a file; others may be anywhere."""
_MODES = ("overwrite", "append")
_KINDS = ("table", "view")


class IbisTable:
    """A table.

    Args:
        context: where the entry stands, with the credentials, which are arguments of the connection too.
        table: the table's name.
        connection: `backend`, and what its ``connect()`` takes; DuckDB unless given.
        database: the schema that the table lies in, such as ``catalog.database``.
        load_args: for the backend's ``table()``.
        save_args: `materialized`, ``table`` or ``view``; `mode`, ``overwrite`` or ``append``; and what the backend's
            ``create_table()`` or ``create_view()`` take.
        watermark: a query whose answer changes when the table does.
    """

    def __init__(
        self,
        context: Context,
        table: str,
        *,
        connection: Mapping[str, Any] | None = None,
        database: str = "",
        load_args: Mapping[str, Any] | None = None,
        save_args: Mapping[str, Any] | None = None,
        watermark: str = "",
    ) -> None:
        settings = {"backend": "duckdb", **(connection or {}), **context.credentials}
        self._backend = str(settings.pop("backend"))
        self._file = _file(self._backend, settings.get("database"), context.root)
        self._settings = settings if self._file is None else {**settings, "database": str(self._file)}
        self._table, self._watermark = table, watermark
        self._where = {"database": database} if database else {}
        self._load_args = dict(load_args or {})
        told = dict(save_args or {})
        self._kind = _one_of("materialized", told.pop("materialized", "table"), _KINDS)
        self._mode = _one_of("mode", told.pop("mode", "overwrite"), _MODES)
        self._save_args = told

    @cached_property
    def connection(self) -> Any:
        """The database, opened when it is first needed."""
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        return function(f"ibis.{self._backend}").connect(**self._settings)

    def load(self) -> Any:
        """Return the table; no row is read yet."""
        return self.connection.table(self._table, **self._where, **self._load_args)

    def head(self, rows: int) -> Any:
        """Return the first rows as a frame."""
        return self.load().limit(rows).to_pandas()

    def save(self, data: Any) -> None:
        """Have the database make the table of a query of its own, or of the rows of anything else."""
        data = self._known_here(data)
        if self._mode == "append" and self.exists():
            self.connection.insert(self._table, data, **self._where)
        else:
            make = getattr(self.connection, f"create_{self._kind}")
            make(self._table, data, overwrite=True, **self._where, **self._save_args)

    def exists(self) -> bool:
        """Tell whether there is the table."""
        if self._file is not None and not self._file.exists():
            return False  # to ask would make it
        try:
            self.connection.table(self._table, **self._where)
        except function("ibis.common.exceptions.IbisError"):
            return False
        return True

    def fingerprint(self) -> str | None:
        """Return the hash of what the watermark query answers."""
        if not self._watermark:
            return None
        rows = [tuple(row) for row in self.connection.raw_sql(self._watermark).fetchall()]
        if not rows or any(value is None for row in rows for value in row):
            return None
        return digest_parts([self._table, self._watermark, *map(repr, rows)])

    def _known_here(self, data: Any) -> Any:
        """Return a query that this database can run, or rows: those of a table that lies elsewhere."""
        if not isinstance(data, function("ibis.Table")):
            method_of(data, "columns" if hasattr(data, "columns") else "schema", "an ibis table")
            return data
        if self._kind == "view" or data.get_backend().db_identity == self.connection.db_identity:
            return data
        return data.to_pyarrow()


def _file(backend: str, database: Any, root: Path) -> Path | None:
    """Return the file of a database that is one; relative to the project, as all paths in a catalog."""
    if backend not in _FILES or not isinstance(database, (str, Path)) or is_remote(str(database)):
        return None
    known = str(database)
    return None if known in {"", ":memory:"} or known.startswith("md:") else local_path(known, root)


def _one_of(key: str, given: Any, known: tuple[str, ...]) -> str:
    if given not in known:
        raise ValueError(f"{key!r} is one of {', '.join(known)}, not {given!r}")
    return str(given)
