"""What the planner asks of the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.extent import Extent
from mlflow_tmpl.ledger.database import asked_for
from mlflow_tmpl.ledger.sources import source_text
from mlflow_tmpl.pipeline.names import base_name
from mlflow_tmpl.planning import Parts, PastResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database

_COLUMNS = "result.id, result.key, result.parts, result.outputs"
_LATEST = f"""
    SELECT {_COLUMNS} FROM node_run JOIN result ON result.id = node_run.result
    JOIN run ON run.id = node_run.run AND run.cause <> 'rerun'
    WHERE node_run.node = ? ORDER BY node_run.run DESC LIMIT 1"""
_LATEST_OF_ALL = f"""
    SELECT one_of, {_COLUMNS} FROM {{asked}} JOIN result ON result.id = (
        SELECT known.id FROM node_run JOIN result AS known ON known.id = node_run.result
        JOIN run ON run.id = node_run.run AND run.cause <> 'rerun'
        WHERE node_run.node = one_of ORDER BY node_run.run DESC LIMIT 1)"""
_UNDER = f"SELECT {_COLUMNS} FROM result WHERE key = ? ORDER BY made_at DESC"


class Past:
    """The results of earlier runs, as the planner sees them; an implementation of `planning.History`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: dict[str, PastResult | None] = {}
        self._code: dict[str, Mapping[str, str]] = {}

    def expect(self, nodes: Sequence[str]) -> None:
        """Look up the latest results of many nodes at once, which will be asked for."""
        for asked, names in asked_for(nodes):
            self._latest.update(dict.fromkeys(names))
            for name, *row in self._database.query(_LATEST_OF_ALL.format(asked=asked), names):
                self._latest[name] = _result(row)

    def under(self, node: str, key: str) -> Iterator[PastResult]:
        """Yield the results that were made under a key: first the one that the node had last, then newest first."""
        latest = self.latest(node)
        if latest is not None and latest.key == key:
            yield latest
        for row in self._database.query(_UNDER, (key,)):
            if latest is None or row[0] != latest.id:
                yield _result(row)

    def latest(self, node: str) -> PastResult | None:
        """Return what the node of that name gave or reused in the newest run that had a result of it."""
        if node not in self._latest:
            rows = self._database.query(_LATEST, (node,))
            self._latest[node] = _result(rows[0]) if rows else None
        return self._latest[node]

    def code(self, fingerprint: str) -> Mapping[str, str]:
        """Return the parts of a code fingerprint, empty if they are not known."""
        if fingerprint not in self._code:
            rows = self._database.query("SELECT parts FROM code WHERE id = ?", (fingerprint,))
            self._code[fingerprint] = json.loads(rows[0][0]) if rows else {}
        return self._code[fingerprint]

    def source(self, fingerprint: str) -> str | None:
        """Return the source of a definition by its hash, ``None`` if it was not kept."""
        text = source_text(self._database, fingerprint)
        return None if text is None else text.decode()

    def extent(self, dataset: str, fingerprint: str) -> Extent:
        """Return how much a version of a dataset holds, as far as that was recorded."""
        rows = self._database.query(
            "SELECT bytes, rows FROM version WHERE dataset = ? AND fingerprint = ?",
            (base_name(dataset), fingerprint),
        )
        return Extent(*rows[0]) if rows else Extent()


def _result(row: Sequence[Any]) -> PastResult:
    parts = json.loads(row[2])
    inputs = {argument: (taken[0], taken[1], taken[2]) for argument, taken in parts["inputs"].items()}
    parameters = {argument: (taken[0], taken[1]) for argument, taken in parts["parameters"].items()}
    return PastResult(
        row[0], row[1], Parts(parts["code"], inputs, parameters, parts["outputs"]), json.loads(row[3])
    )
