"""Versions of datasets: which one is meant, and all there were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import LedgerError, did_you_mean
from mlflow_tmpl.ledger.events import DELETED, EventLog, version_subject
from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.ledger.references import find_run

if TYPE_CHECKING:
    from mlflow_tmpl.ledger.database import Database

SHORT_HASH = 10
"""Digits of a fingerprint that are shown."""

_VERSIONS = "SELECT fingerprint, kind, role, bytes, rows, made_at, place FROM version WHERE dataset = ?"
_RUNS = f"""
    SELECT fingerprint, direction, run, node_run.node, status FROM result_io
    JOIN node_run ON node_run.result = result_io.result
    WHERE dataset = ? AND run NOT IN ({DELETED}) ORDER BY run"""
_IN_RUN = """
    SELECT fingerprint FROM node_run JOIN result_io ON result_io.result = node_run.result
    WHERE run = ? AND dataset = ? ORDER BY direction = 'in' LIMIT 1"""
_HASH = re.compile(r"[0-9a-f]{4,}").fullmatch


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One content of a dataset.

    Attributes:
        dataset: its name.
        fingerprint: of the content.
        role: what the dataset was for.
        bytes, rows: how much it is, as far as that is known.
        made_at: when it was first seen, in seconds since the epoch.
        place: where it lay.
        run: the first run that made it, or, of an input, that took it.
        node: the node that did.
        last_run: the newest run that made it, took it or reused it.
        runs: how many did.
        aliases: names that stand for it.
    """

    dataset: str
    fingerprint: str
    role: str
    bytes: int | None
    rows: int | None
    made_at: float
    place: str
    run: str = ""
    node: str = ""
    last_run: str = ""
    runs: int = 0
    aliases: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "role": self.role,
            "bytes": self.bytes,
            "rows": self.rows,
            "made_at": self.made_at,
            "place": self.place,
            "run": self.run,
            "node": self.node,
            "last_run": self.last_run,
            "runs": self.runs,
            "aliases": list(self.aliases),
        }


def versions_of(database: Database, dataset: str) -> list[VersionRecord]:
    """Return every version of a dataset, the one that was made or taken last first."""
    first: dict[str, tuple[str, str]] = {}
    seen: dict[str, dict[str, None]] = {}
    for fingerprint, direction, run, node, status in database.query(_RUNS, (dataset,)):
        seen.setdefault(fingerprint, {})[run] = None
        if (direction == "out" and status == "done") or fingerprint not in first:
            first.setdefault(fingerprint, (run, node))
    named: dict[str, list[str]] = {}
    for alias, fingerprint in EventLog(database).aliases(version_subject(dataset)).items():
        named.setdefault(fingerprint, []).append(alias)
    found = []
    for fingerprint, _, role, size, count, made_at, place in database.query(_VERSIONS, (dataset,)):
        runs = list(seen.get(fingerprint, {}))
        run, node = first.get(fingerprint, ("", ""))
        last, aliases = runs[-1] if runs else "", tuple(named.get(fingerprint, ()))
        known = (dataset, fingerprint, role or "", size, count, made_at, place)
        found.append(VersionRecord(*known, run, node, last, len(runs), aliases))
    return sorted(found, key=lambda version: (version.last_run, version.made_at), reverse=True)


def newest_version(database: Database, dataset: str) -> str:
    """Return the fingerprint of the version that was made or taken last, also of a value in memory.

    Raises:
        LedgerError: no run has made or taken the dataset.
    """
    _check_dataset(database, dataset)
    sql = (
        "SELECT fingerprint FROM result_io JOIN result ON result.id = result_io.result "
        "WHERE dataset = ? ORDER BY direction = 'in', made_at DESC LIMIT 1"
    )
    return str(database.query(sql, (dataset,))[0][0])


def find_version(database: Database, dataset: str, reference: str) -> str:
    """Return the fingerprint that a version means: the beginning of its hash, an alias, or a run that made or took it.

    Raises:
        LedgerError: there is no such version, or the reference means several.
    """
    named = EventLog(database).aliases(version_subject(dataset))
    if reference in named:
        return named[reference]
    if _HASH(reference):
        rows = database.query(
            "SELECT fingerprint FROM version WHERE dataset = ? AND fingerprint >= ? AND fingerprint < ? LIMIT 3",
            (dataset, reference, reference + "g"),
        )
        if len(rows) > 1:
            some = ", ".join(row[0][: SHORT_HASH + 4] for row in rows)
            raise LedgerError(
                f"{reference!r} is the beginning of several versions of {dataset!r}: {some}",
                hint="give more of the hash",
            )
        if rows:
            return str(rows[0][0])
    _check_dataset(database, dataset)
    try:
        run = find_run(database, reference)
    except LedgerError as error:
        near = did_you_mean(reference, named)
        hint = near or f"mlo catalog history {dataset} shows what there is"
        raise LedgerError(
            f"dataset {dataset!r} has no version {reference!r}: {error.message}", hint=hint
        ) from error
    rows = database.query(_IN_RUN, (run, dataset))
    if not rows:
        raise LedgerError(
            f"run {run[:SHORT_ID]!r} neither made nor took dataset {dataset!r}",
            hint=f"mlo catalog history {dataset} shows the runs that did",
        )
    return str(rows[0][0])


def _check_dataset(database: Database, dataset: str) -> None:
    if not database.query("SELECT 1 FROM result_io WHERE dataset = ? LIMIT 1", (dataset,)):
        known = [row[0] for row in database.query("SELECT DISTINCT dataset FROM version")]
        raise LedgerError(
            f"no run has made or taken a dataset {dataset!r}",
            hint=did_you_mean(dataset, known) or "mlo catalog list shows what there is",
        )
