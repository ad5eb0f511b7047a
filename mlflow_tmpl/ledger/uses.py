"""What the ledger knows of the contents in a store: who used them last, and which must stay."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.ledger.events import DELETED, EventLog
from mlflow_tmpl.ledger.schema import PULLED
from mlflow_tmpl.store.collecting import UNUSED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database

_USED = f"""
    SELECT result_io.fingerprint, max(run.started_at) FROM run
    JOIN node_run ON node_run.run = run.id JOIN result_io ON result_io.result = node_run.result
    WHERE run.id NOT IN ({DELETED}) GROUP BY result_io.fingerprint"""

_OF_RUNS = """
    SELECT DISTINCT result_io.fingerprint FROM node_run
    JOIN result_io ON result_io.result = node_run.result WHERE node_run.run = ?"""

_DROPPED = f"""
    SELECT DISTINCT result_io.fingerprint FROM node_run JOIN result_io ON result_io.result = node_run.result
    WHERE node_run.run IN ({DELETED})"""

_NEWEST = (
    "SELECT node, max(run) FROM node_run WHERE result != '' GROUP BY node",
    f"SELECT node, max(run) FROM node_run WHERE result != '' AND run NOT IN ({PULLED}) GROUP BY node",
)
"""The newest run of each node, and the newest that was made here."""

_OF_NODE = """
    SELECT result_io.fingerprint FROM node_run JOIN result_io ON result_io.result = node_run.result
    WHERE node_run.run = ? AND node_run.node = ?"""

_CUTOFF = f"""
    SELECT started_at FROM run WHERE id NOT IN ({DELETED}) ORDER BY started_at DESC LIMIT 1 OFFSET ?"""


@dataclass(frozen=True, slots=True)
class Uses:
    """What is known of contents, by the hash under which a store has them.

    Attributes:
        used_at: when a run that is not deleted took or gave a content last, in seconds since the epoch; of what only
            deleted runs took or gave `UNUSED`.
        needed: contents that stay whatever their age, with the reason.
        datasets: whose content it is.
    """

    used_at: Mapping[str, float]
    needed: Mapping[str, str]
    datasets: Mapping[str, str] = field(default_factory=dict)


def uses_of(database: Database) -> Uses:
    """Return what is known of all contents; linear in what was recorded."""
    kept = dict(database.query("SELECT fingerprint, digest FROM kept"))
    used = {kept.get(name, name): at for name, at in database.query(_USED)}
    for row in database.query(_DROPPED):
        used.setdefault(kept.get(row[0], row[0]), UNUSED)
    for digest, at in database.query(
        "SELECT digest, used_at FROM kept UNION ALL SELECT fingerprint, made_at FROM version"
    ):
        used.setdefault(digest, at)
    needed = {kept.get(name, name): why for name, why in _needed(database).items()}
    names = dict(database.query("SELECT fingerprint, dataset FROM version"))
    names |= {digest: name.rpartition("/")[2] for name, digest in kept.items()}
    return Uses(used, needed, names)


def cutoff(database: Database, runs: int) -> float:
    """Return when the oldest of the newest runs began; what was used since is theirs.

    Args:
        database: the ledger.
        runs: how many.
    """
    if not runs:
        return float("inf")
    rows: Sequence[Any] = database.query(_CUTOFF, (runs - 1,))
    return float(rows[0][0]) if rows else 0.0


def _needed(database: Database) -> dict[str, str]:
    events = EventLog(database)
    found: dict[str, str] = {}
    for newest in _NEWEST:
        for node, run in database.query(newest):
            found.update((row[0], "an output is it now") for row in database.query(_OF_NODE, (run, node)))
    named = dict.fromkeys(events.pinned(), "a pin keeps its run")
    named |= {run: f"alias {name!r} names its run" for name, run in events.aliases().items()}
    for run, why in named.items():
        found.update((row[0], why) for row in database.query(_OF_RUNS, (run,)))
    for aliases in events.version_aliases().values():
        found.update((fingerprint, f"alias {name!r} names it") for name, fingerprint in aliases.items())
    return found
