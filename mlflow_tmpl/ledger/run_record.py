"""One closed run with all that belongs to it, as a document that another ledger can take over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.planning.code.closure import REACHED, is_hash_of
from mlflow_tmpl.store.contents import stays_below
from mlflow_tmpl.store.store import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database

    Row = dict[str, Any]

FORMAT = 1
"""Number of the document's form."""

CLOSED = frozenset({"done", "failed", "cancelled", "lost"})
"""What a run can have come to."""

_JSON = frozenset({"pipelines", "reasons", "content", "parts", "outputs", "error", "asked", "profile"})
"""Columns that hold JSON wherever they hold anything."""

_RESULTS = "SELECT DISTINCT result FROM node_run WHERE run = :run AND result != ''"
_TABLES = {
    "definition": "SELECT * FROM definition WHERE id = (SELECT definition FROM run WHERE id = :run)",
    "parameter": "SELECT * FROM parameter WHERE id = (SELECT parameter FROM run WHERE id = :run)",
    "environment": "SELECT * FROM environment WHERE id = (SELECT environment FROM run WHERE id = :run)",
    "result": f"SELECT * FROM result WHERE id IN ({_RESULTS})",
    "result_io": f"SELECT * FROM result_io WHERE result IN ({_RESULTS})",
    "version": f"SELECT DISTINCT version.* FROM version JOIN result_io USING (dataset, fingerprint) "
    f"WHERE result IN ({_RESULTS})",
    "metric": f"SELECT DISTINCT metric.* FROM metric JOIN result_io USING (dataset, fingerprint) "
    f"WHERE result IN ({_RESULTS})",
    "node_run": "SELECT * FROM node_run WHERE run = :run",
    "run": "SELECT * FROM run WHERE id = :run",
}
"""What belongs to a run, in the order in which it is taken over."""

_BY_ID = "SELECT * FROM code WHERE id = ?"
_OF_KEY = "SELECT * FROM kept WHERE fingerprint >= ? AND fingerprint < ?"
_OTHERS = ("code", "kept")
_PULLED = "INSERT OR IGNORE INTO pulled SELECT ? WHERE NOT EXISTS (SELECT 1 FROM run WHERE id = ?)"
_BY_CONTENT = {"definition": "content", "parameter": "content", "environment": "content"}


def export(database: Database, run: str) -> dict[str, Any]:
    """Return the document of a closed run; linear in its nodes."""
    tables = {
        table: _rows(database, table, sql.replace(":run", "?"), [run] * sql.count(":run"))
        for table, sql in _TABLES.items()
    }
    tables["code"] = list(_codes(database, tables))
    keys = sorted({result["key"] for result in tables["result"]} - {""})
    tables["kept"] = [
        row for key in keys for row in _rows(database, "kept", _OF_KEY, [f"key:{key}/", f"key:{key}0"])
    ]
    return {"format": FORMAT, "run": run, "tables": tables}


def _codes(database: Database, tables: Mapping[str, Sequence[Row]]) -> Iterator[Row]:
    """Yield what the fingerprints of code in a run are made of, and what those are made of in turn."""
    of_nodes = [node for row in tables["definition"] for node in json.loads(row["content"]).get("nodes", ())]
    of_results = [json.loads(row["parts"]) for row in tables["result"]]
    waiting = sorted({known.get("code", "") for known in (*of_nodes, *of_results)} - {""})
    seen = set(waiting)
    while waiting:
        for row in _rows(database, "code", _BY_ID, [waiting.pop()]):
            yield row
            parts = json.loads(row["parts"])
            reached = {part[len(REACHED) :] for part in parts if part.startswith(REACHED)} - seen
            seen |= reached
            waiting += sorted(reached)


def contents_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the hashes under which a store may have what a run gave, whether saved or kept of values in memory."""
    tables = document["tables"]
    for row in tables["result_io"]:
        if row["direction"] == "out":
            yield row["fingerprint"]
    for row in tables["kept"]:
        yield row["digest"]


def inputs_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the hashes under which a store may have what a run took and did not make."""
    rows = document["tables"]["result_io"]
    made = {row["fingerprint"] for row in rows if row["direction"] == "out"}
    for row in rows:
        if row["direction"] == "in" and row["fingerprint"] not in made and is_digest(row["fingerprint"]):
            yield row["fingerprint"]


def files_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the hashes of the project's own files in a run."""
    for row in document["tables"]["definition"]:
        yield from json.loads(row["content"]).get("files", {}).values()


def merge(database: Database, documents: Iterable[Mapping[str, Any]]) -> None:
    """Take over runs that are not known yet, as runs that were not made here; what is known stays as it is.

    Raises:
        LedgerError: a document is not what it says; then none is taken over.
    """
    known = {table: _columns(database, table) for table in (*_TABLES, *_OTHERS)}
    batches: list[tuple[str, list[Sequence[Any]]]] = []
    for document in documents:
        check(document)
        for table in (*_OTHERS, *_TABLES):
            for row in document["tables"][table]:
                names = [name for name in known[table] if name in row]
                marks = ", ".join("?" * len(names))
                sql = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})"
                if not batches or batches[-1][0] != sql:
                    batches.append((sql, []))
                batches[-1][1].append([row[name] for name in names])
        # Before its row is there: of a run that is known already nothing changes.
        batches.insert(0, (_PULLED, [(document["run"], document["run"])]))
    database.write(batches)


def check(document: Any) -> None:
    """Refuse a document that is not what it says: it comes from somewhere else.

    Raises:
        LedgerError: its form is not known, or something in it contradicts its name.
    """
    try:
        problem = _problem(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"it lacks or has what it should not: {type(error).__name__} {error}"
    if problem:
        run = document.get("run") if isinstance(document, dict) else None
        raise LedgerError(f"the shared record of run {str(run)[:13]!r} cannot be taken over: {problem}")


def _problem(document: Any) -> str:
    if document["format"] != FORMAT:
        return f"its form is {document['format']!r}, and this mlo knows {FORMAT}"
    tables = document["tables"]
    for table in (*_TABLES, *_OTHERS):
        for row in tables[table]:
            if not all(value is None or isinstance(value, (str, int, float)) for value in row.values()):
                return f"table {table!r} has a value that no ledger has"
            for column in _JSON & row.keys():
                json.loads(row[column] or "null")
    runs = tables["run"]
    if [row["id"] for row in runs] != [document["run"]] or runs[0]["status"] not in CLOSED:
        return "it is not one run that has ended"
    if any(row["run"] != document["run"] for row in tables["node_run"]):
        return "it has nodes of another run"
    for table, column in _BY_CONTENT.items():
        if any(row["id"] != digest(row[column]) for row in tables[table]):
            return f"a {table} is not what its hash says"
    if not all(is_hash_of(row["id"], json.loads(row["parts"])) for row in tables["code"]):
        return "a fingerprint of code is not what its hash says"
    for row in tables["definition"]:
        for name, source in json.loads(row["content"]).get("files", {}).items():
            if not stays_below(name) or not is_digest(source):
                return f"a file of the project cannot be {name!r}"
    return _wrong_result(tables)


def _wrong_result(tables: Mapping[str, Sequence[Row]]) -> str:
    outputs: dict[str, dict[str, str]] = {}
    for row in tables["result_io"]:
        if row["direction"] == "out":
            outputs.setdefault(row["result"], {})[row["argument"]] = row["fingerprint"]
    for row in tables["result"]:
        if outputs.get(row["id"], {}) != json.loads(row["outputs"]):
            return "what a result gave is told in two ways"
        if row["key"] and row["id"] != digest_parts([row["key"], row["node"], row["outputs"]]):
            return "a result is not what its hash says"
    return ""


def _rows(database: Database, table: str, sql: str, values: Sequence[str]) -> list[Row]:
    names = _columns(database, table)
    return [dict(zip(names, row, strict=True)) for row in database.query(sql, values)]


def _columns(database: Database, table: str) -> list[str]:
    return [row[0] for row in database.query("SELECT name FROM pragma_table_info(?)", (table,))]
