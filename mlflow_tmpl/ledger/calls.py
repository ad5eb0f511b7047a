"""How the last calls of nodes went, and what they printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.ledger.database import asked_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database

MOST = 20
"""How many calls of a node are told."""

_CALLED = "status NOT IN ('retried', 'reused', 'skipped')"
_CALLS = f"""
    SELECT node, run, status, duration_s, ended_at FROM {{asked}} JOIN node_run ON node = one_of AND run IN (
        SELECT run FROM node_run WHERE node = one_of AND {_CALLED} ORDER BY run DESC LIMIT ?)
    WHERE {_CALLED} AND item = '' AND duration_s > 0 ORDER BY run"""
_LOGS = f"""
    SELECT node, log FROM {{asked}} JOIN node_run ON node = one_of AND run = (
        SELECT run FROM node_run WHERE node = one_of AND {_CALLED} ORDER BY run DESC LIMIT 1)
    WHERE {_CALLED} AND log IS NOT NULL ORDER BY item, attempt"""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a node.

    Attributes:
        run: id of the run that called it.
        status: how it went.
        duration_s: how long it took.
        ended_at: seconds since the epoch.
    """

    run: str
    status: str
    duration_s: float
    ended_at: float


def last_calls(database: Database, nodes: Sequence[str]) -> Mapping[str, Sequence[Call]]:
    """Return for each node its last calls, the latest last; nodes that were never called are left out."""
    found: dict[str, list[Call]] = {}
    for asked, names in asked_for(nodes):
        for node, *call in database.query(_CALLS.format(asked=asked), (*names, MOST)):
            found.setdefault(node, []).append(Call(*call))
    return found


def last_logs(database: Database, nodes: Sequence[str]) -> Mapping[str, str]:
    """Return for each node what its last call printed; nodes that printed nothing are left out."""
    found: dict[str, str] = {}
    for asked, names in asked_for(nodes):
        for node, log in database.query(_LOGS.format(asked=asked), names):
            found[node] = found.get(node, "") + "".join(text for _, _, text in json.loads(log))
    return found
