"""Tables and queries of databases, through SQLAlchemy and pandas."""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import first_of, method_of
from mlflow_tmpl.catalog.places import local_path, place_of
from mlflow_tmpl.errors import DataError
from mlflow_tmpl.hashing import digest_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlflow_tmpl.catalog.datasets.context import Context

_FRAME = "a pandas DataFrame"

_IN_MEMORY = (None, "", ":memory:")


class Database:
    """A connection to a database, opened when it is first needed.

    Args:
        context: where the entry stands, with the credentials.
        con: an SQLAlchemy URL, if the credentials have none.
    """

    def __init__(self, context: Context, con: str) -> None:
        self._url = str(context.credentials.get("con") or con)
        self._root = context.root
        if not self._url:
            raise ValueError("it has no 'con', neither in the entry nor in its credentials")

    @cached_property
    def engine(self) -> Any:
        """SQLAlchemy's engine."""
        from sqlalchemy import create_engine, event
        from sqlalchemy.engine import make_url

        url = make_url(self._url)
        is_sqlite = url.get_backend_name() == "sqlite"
        if is_sqlite and url.database not in _IN_MEMORY:
            url = url.set(database=str(local_path(str(url.database), self._root)))
        engine = create_engine(url, pool_pre_ping=True)
        if is_sqlite:
            # Python's driver begins transactions too late to take back a DROP TABLE.
            event.listen(engine, "connect", _begin_by_hand)
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine

    @property
    def file(self) -> Path | None:
        """The database's file, if it is one."""
        url = self.engine.url
        is_file = url.get_backend_name() == "sqlite" and url.database not in _IN_MEMORY
        return Path(url.database) if is_file else None

    def begun(self) -> Any:
        """Return a transaction, for which the folder of a file is made if need be."""
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        return self.engine.begin()

    def watermark(self, query: str, *parts: str) -> str | None:
        """Return the hash of what a query answers; ``None`` if there is no query or it answers nothing."""
        if not query:
            return None
        from sqlalchemy import text

        with self.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(query))]
        if not rows or any(value is None for row in rows for value in row):
            return None
        return digest_parts([*parts, query, *(repr(row) for row in rows)])


def _begin_by_hand(connection: Any, _: object) -> None:
    connection.isolation_level = None


class SqlTable:
    """A table.

    Args:
        context: where the entry stands, with the credentials.
        table: the table's name.
        con: an SQLAlchemy URL, if the credentials have none.
        load_args: for ``pandas.read_sql_table``.
        save_args: for ``DataFrame.to_sql``; a save replaces the table unless `if_exists` says otherwise.
        watermark: a query whose answer changes when the table does.
    """

    def __init__(
        self,
        context: Context,
        table: str,
        *,
        con: str = "",
        load_args: Mapping[str, Any] | None = None,
        save_args: Mapping[str, Any] | None = None,
        watermark: str = "",
    ) -> None:
        self._database = Database(context, con)
        self._table, self._watermark = table, watermark
        self._load_args = dict(load_args or {})
        self._save_args = {"index": False, "if_exists": "replace", **(save_args or {})}

    def load(self) -> Any:
        """Return the table as a frame."""
        import pandas

        with self._database.engine.connect() as connection:
            return pandas.read_sql_table(self._table, connection, **self._load_args)

    def head(self, rows: int) -> Any:
        """Return the first rows."""
        import pandas

        with self._database.engine.connect() as connection:
            streaming = connection.execution_options(stream_results=True)
            found = pandas.read_sql_table(self._table, streaming, **{**self._load_args, "chunksize": rows})
            return _first(found)

    def save(self, data: Any) -> None:
        """Replace the table in one transaction."""
        self.save_stream([data])

    def save_stream(self, chunks: Iterable[Any]) -> None:
        """Replace the table by chunks, in one transaction."""
        first, rest = first_of(iter(chunks))
        method_of(first, "to_sql", _FRAME)
        with self._database.begun() as connection:
            arguments = self._save_args
            for chunk in rest:
                method_of(chunk, "to_sql", _FRAME)(self._table, connection, **arguments)
                arguments = {**arguments, "if_exists": "append"}

    def exists(self) -> bool:
        """Tell whether there is the table."""
        from sqlalchemy import inspect

        file = self._database.file
        if file is not None and not file.exists():
            return False  # to ask would make it
        return bool(inspect(self._database.engine).has_table(self._table, self._load_args.get("schema")))

    def fingerprint(self) -> str | None:
        """Return the hash of what the watermark query answers."""
        return self._database.watermark(self._watermark, self._table)


class SqlQuery:
    """What a query answers; only read.

    Args:
        context: where the entry stands, with the credentials.
        sql: the query.
        filepath: a file with the query, instead.
        con, load_args, watermark: as for a table; the arguments are for ``pandas.read_sql_query``.
        execution_options: for the connection.
    """

    read_only = True

    def __init__(
        self,
        context: Context,
        sql: str = "",
        *,
        filepath: str = "",
        con: str = "",
        load_args: Mapping[str, Any] | None = None,
        execution_options: Mapping[str, Any] | None = None,
        watermark: str = "",
    ) -> None:
        if bool(sql) == bool(filepath):
            raise ValueError("it needs either 'sql' or 'filepath', the place of a file with the query")
        self._database = Database(context, con)
        self._place = place_of(filepath, context.root, context.access) if filepath else None
        self._sql, self._watermark = sql, watermark
        self._load_args, self._options = dict(load_args or {}), dict(execution_options or {})

    def load(self) -> Any:
        """Return the answer as a frame."""
        return self._read(lambda read: read())

    def head(self, rows: int) -> Any:
        """Return the first rows."""
        return self._read(lambda read: _first(read(chunksize=rows)), stream_results=True)

    def save(self, data: Any) -> None:  # noqa: ARG002  (the protocol's signature)
        """Refuse: a query is only read."""
        raise DataError("a query is only read", hint="save to a dataset of type sql.table")

    def exists(self) -> bool:
        """Tell whether there is the file, if the query stands in one."""
        return self._place is None or self._place.exists()

    def fingerprint(self) -> str | None:
        """Return the hash of the query and of what the watermark query answers."""
        return self._database.watermark(self._watermark, self._query) if self._watermark else None

    @property
    def _query(self) -> str:
        if self._place is None:
            return self._sql
        with self._place.reading() as source:
            content = source.read_bytes() if hasattr(source, "read_bytes") else source.read()
        return content.decode("utf-8-sig")

    def _read(self, take: Callable[[Callable[..., Any]], Any], **options: Any) -> Any:
        import pandas
        from sqlalchemy import text

        query = text(self._query)
        with self._database.engine.connect() as opened:
            connection = opened.execution_options(**self._options, **options)
            return take(
                lambda **more: pandas.read_sql_query(query, connection, **{**self._load_args, **more})
            )


def _first(chunks: Any) -> Any:
    with closing(chunks):
        return next(chunks)
