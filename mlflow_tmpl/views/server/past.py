"""What the pages ask of the ledger: opened for each answer, as another one may lie there by then."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.ledger.listing import Filter, moment_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.ledger.request import Request

MOST_RUNS = 200
MOST_COMPARED = 12


def runs(root: Path, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return runs with their metrics, newest first or by a metric.

    Args:
        root: the folder whose `.mlo` has the ledger.
        asked: ``status``, ``pipeline``, ``tag`` and ``since``, which narrow them; ``sort``, a metric, and ``asc``.

    Raises:
        MloError: a filter is none, or no run has the metric.
    """
    since = moment_from(asked["since"]) if asked.get("since") else None

    def words(key: str) -> tuple[str, ...]:
        return tuple(filter(None, asked.get(key, "").split(",")))

    which = Filter(words("status"), words("pipeline"), words("tag"), since)
    with closing(Ledger(root)) as ledger:
        found = ledger.runs(
            MOST_RUNS, which, metrics=True, sort=asked.get("sort", ""), ascending=bool(asked.get("asc"))
        )
    return [run.summary() for run in found]


def run(root: Path, reference: str, began: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    """Return one run: its nodes with when they began and ended, what it happened in, and what it was asked for.

    Args:
        root: the folder whose `.mlo` has the ledger.
        reference: its id, or what else means it.
        began: run and node to when a node that still runs was first seen.

    Raises:
        LedgerError: there is no such run.
    """
    with closing(Ledger(root)) as ledger:
        found = ledger.run(reference)
        around = ledger.surroundings(found.id)
        asked = None if found.status == "running" else _request(ledger, found.id)
    nodes = []
    for node in found.nodes:
        times = {"ended_at": node.ended_at, "began_at": began.get((found.id, node.name))}
        if node.ended_at is not None and node.duration_s is not None:
            times["began_at"] = node.ended_at - node.duration_s
        nodes.append({**node.to_json(), **times})
    return {
        **found.to_json(),
        "nodes": nodes,
        "wired": list(around.nodes),
        "surroundings": around.environment,
        "asked": asdict(asked) if asked is not None else None,
    }


def _request(ledger: Ledger, run_id: str) -> Request | None:
    try:
        return ledger.request(run_id)[1]
    except LedgerError:
        return None  # of a run that was recorded before that was kept


def log(root: Path, reference: str) -> list[dict[str, Any]]:
    """Return what happened in a run, in the order of time.

    Raises:
        LedgerError: there is no such run.
    """
    with closing(Ledger(root)) as ledger:
        return [entry.to_json() for entry in ledger.log(reference)]


def calls(root: Path, node: str) -> list[dict[str, Any]]:
    """Return how the last calls of a node went, the latest last."""
    from datetime import datetime, timezone

    with closing(Ledger(root)) as ledger:
        found = ledger.calls([node]).get(node, ())
    return [
        {**asdict(call), "ended_at": datetime.fromtimestamp(call.ended_at, timezone.utc).isoformat()}
        for call in found
    ]


def compared(root: Path, references: Sequence[str]) -> dict[str, Any]:
    """Return runs side by side.

    Raises:
        LedgerError: one of them is not there, or they are fewer than two or too many.
    """
    from mlflow_tmpl.history.comparison import compare

    if not 2 <= len(references) <= MOST_COMPARED:
        raise LedgerError(f"{len(references)} runs cannot be compared", hint=f"choose 2 to {MOST_COMPARED}")
    with closing(Ledger(root)) as ledger:
        return compare(ledger, references).to_json()


def cancel(root: Path, reference: str) -> str:
    """Ask a run to stop, wherever it was started, and return its id.

    Raises:
        LedgerError: there is no such run, or it is not running.
    """
    with closing(Ledger(root)) as ledger:
        return ledger.cancel(reference)


def tidy(root: Path) -> None:
    """Close the runs whose process is gone."""
    with closing(Ledger(root)) as ledger:
        ledger.leases.close_lost()


def begun_by(root: Path, pid: int, repeated: str, since: float) -> str:
    """Return the id of the run that a process has begun since a time, or that repeats another one; empty if none."""
    sql = (
        "SELECT id FROM run WHERE started_at >= ? AND (pid = ? OR (cause = 'rerun' AND parent = ?)) "
        "ORDER BY id DESC LIMIT 1"
    )
    with closing(Ledger(root)) as ledger:
        rows = ledger.rows(sql, (since, pid, repeated))
    return rows[0][0] if rows else ""


def newest(root: Path) -> tuple[str, str]:
    """Return id and status of the run that began last, empty if there is none."""
    with closing(Ledger(root)) as ledger:
        rows = ledger.rows("SELECT id, status FROM run ORDER BY id DESC LIMIT 1")
    return (rows[0][0], rows[0][1]) if rows else ("", "")
