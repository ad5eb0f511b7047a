"""What happened in a run, in the order of time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.ledger.events import run_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.ledger.database import Database

_RUN = "SELECT started_at, duration_s, status, engine, actor, host FROM run WHERE id = ?"
_NODES = """
    SELECT node, status, ended_at, duration_s, reasons, log, error FROM node_run
    WHERE run = ? ORDER BY node, attempt"""
_EVENTS = "SELECT at, actor, kind, name, value, reason FROM event WHERE subject = ? OR (kind = 'alias' AND value = ?)"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened.

    Attributes:
        at: seconds since the epoch.
        kind: ``run``, ``started``, ``out``, ``err``, ``ended``, or ``event``.
        node: name of the node, empty for the run as a whole.
        text: what was printed, or a status and why.
    """

    at: float
    kind: str
    node: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {"at": self.at, "kind": self.kind, "node": self.node, "text": self.text}


def log_of(database: Database, run: str) -> list[LogEntry]:
    """Return what happened in a run and to it."""
    return sorted(_entries(database, run), key=lambda entry: entry.at)


def _entries(database: Database, run: str) -> Iterator[LogEntry]:
    started_at, duration_s, status, engine, actor, host = database.query(_RUN, (run,))[0]
    yield LogEntry(started_at, "run", "", f"started by {actor} on {host}, engine {engine}")
    for row in database.query(_NODES, (run,)):
        yield from _of_node(*row, started_at=started_at)
    for at, who, kind, name, value, reason in database.query(_EVENTS, (run_subject(run), run)):
        yield LogEntry(at, "event", "", _event(who, kind, name, value, reason))
    if duration_s is not None:
        yield LogEntry(started_at + duration_s, "run", "", status)
    elif status != "running":
        yield LogEntry(started_at, "run", "", f"{status}: it was never closed")


def _of_node(
    node: str,
    status: str,
    ended_at: float | None,
    duration_s: float | None,
    reasons: str,
    log: str | None,
    error: str | None,
    *,
    started_at: float,
) -> Iterator[LogEntry]:
    if ended_at is None:
        yield LogEntry(started_at, "started", node, status)
        return
    began = ended_at - (duration_s or 0.0)
    if duration_s:
        why = "; ".join([reason["text"] for reason in json.loads(reasons)])
        yield LogEntry(began, "started", node, why)
    for offset, stream, text in json.loads(log) if log else ():
        yield LogEntry(min(began + offset, ended_at), stream, node, text)
    failure = json.loads(error)["message"] if error else ""
    yield LogEntry(ended_at, "ended", node, f"{status}: {failure}" if failure else status)


def _event(who: str, kind: str, name: str, value: str | None, reason: str) -> str:
    what = f"{kind} {name}={value}" if kind == "tag" and value is not None else f"{kind} {name}".rstrip()
    why = f": {reason}" if reason else ""
    return f"{what}{'' if value is not None else ' taken back'} by {who}{why}"
