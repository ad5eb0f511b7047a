"""Lists of runs: which of them, in which order, and what is told of each; what is read is bounded by what is shown."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import LedgerError, UsageError, did_you_mean
from mlflow_tmpl.ledger.events import ALIAS as _ALIAS
from mlflow_tmpl.ledger.events import DELETED, STATE, TAG, EventLog
from mlflow_tmpl.ledger.records import RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database

RUN_FIELDS = {
    "id": "run.id",
    "status": "status",
    "pipelines": "pipelines",
    "selection": "selection",
    "environment": "config_environment",
    "engine": "engine",
    "engine_reason": "coalesce(engine_reason, '')",
    "actor": "actor",
    "host": "host",
    "command": "command",
    "git_commit": "git_commit",
    "cause": "cause",
    "parent": "parent",
    "started_at": "started_at",
    "duration_s": "duration_s",
    "parameters": "parameter",
}
SELECT_RUNS = f"SELECT {', '.join(RUN_FIELDS.values())} FROM run"

STATUSES = ("running", "done", "failed", "cancelled", "lost", "queued", "waiting")

_AT_A_TIME = 400
"""Values in one statement: SQLite takes 999 in its oldest builds."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

_METRICS = """
    SELECT node_run.run, metric.dataset, slice, name, value FROM node_run
    JOIN result_io ON result_io.result = node_run.result AND direction = 'out'
    JOIN metric ON metric.dataset = result_io.dataset AND metric.fingerprint = result_io.fingerprint
    WHERE node_run.run IN ({marks}) AND step = (
        SELECT max(step) FROM metric AS last WHERE last.dataset = metric.dataset
        AND last.fingerprint = metric.fingerprint AND last.name = metric.name AND last.slice = metric.slice)
    ORDER BY metric.dataset, slice, name"""
_POINTS = """
    SELECT DISTINCT metric.dataset, slice, name, step, value, made_at FROM node_run
    JOIN result_io ON result_io.result = node_run.result AND direction = 'out'
    JOIN metric ON metric.dataset = result_io.dataset AND metric.fingerprint = result_io.fingerprint
    JOIN result ON result.id = node_run.result
    WHERE node_run.run = ? ORDER BY metric.dataset, slice, name, step"""
_WITH_METRIC = """
    SELECT node_run.run, metric.value, step FROM metric
    JOIN result_io ON result_io.dataset = metric.dataset AND result_io.fingerprint = metric.fingerprint
    JOIN node_run ON node_run.result = result_io.result
    WHERE direction = 'out' AND name = ? AND slice = ? {dataset} ORDER BY step"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are meant; every criterion that is given narrows it further.

    Attributes:
        status: one of these.
        pipelines: asked for one of these.
        tags: carries all of these: ``key`` or ``key=value``.
        since: began at this time or later, in seconds since the epoch.
        sweep: is a point of the sweep of this id.
    """

    status: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: float | None = None
    sweep: str = ""

    def __post_init__(self) -> None:
        for status in self.status:
            if status not in STATUSES:
                raise UsageError(
                    f"there is no status {status!r}",
                    hint=did_you_mean(status, STATUSES) or f"there are {', '.join(STATUSES)}",
                )

    def sql(self) -> tuple[str, list[Any]]:
        """Return the condition, and the values in it."""
        parts, values = [f"run.id NOT IN ({DELETED})"], list[Any]()
        if self.status:
            parts.append(f"status IN ({_marks(self.status)})")
            values += self.status
        if self.pipelines:
            parts.append("(" + " OR ".join(["instr(pipelines, ?)"] * len(self.pipelines)) + ")")
            values += [json.JSONEncoder().encode(name) for name in self.pipelines]
        for tag in self.tags:
            key, equals, value = tag.partition("=")
            parts.append(
                f"'run:' || run.id IN (SELECT subject FROM ({STATE} AND name = ?{' AND value = ?' * bool(equals)}))"
            )
            values += [TAG, key, value] if equals else [TAG, key]
        if self.since is not None:
            parts.append("started_at >= ?")
            values.append(self.since)
        if self.sweep:
            parts.append("cause = 'sweep' AND parent = ?")
            values.append(self.sweep)
        return " AND ".join(parts), values


class MetricPoint(NamedTuple):
    """A number of a run.

    Attributes:
        name: with the slice that it belongs to before it.
        step: 0 where there are none.
        value: the number.
        at: when it was made, in seconds since the epoch.
    """

    name: str
    step: int
    value: float
    at: float


def moment_from(text: str) -> float:
    """Return a time that someone wrote: ``2h``, ``3d``, ``2026-01-31``, ``2026-01-31 12:30``.

    Raises:
        UsageError: it is no time.
    """
    from datetime import datetime

    ago = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text.strip())
    if ago:
        return time.time() - float(ago[1]) * _UNITS[ago[2]]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text!r} is no time", hint="write 30m, 2h, 3d, 2026-01-31 or '2026-01-31 12:30'"
        ) from error


def newest(database: Database, which: Filter, limit: int | None) -> list[RunRecord]:
    """Return runs, newest first, without nodes and parameters."""
    where, values = which.sql()
    sql = f"{SELECT_RUNS} WHERE {where} ORDER BY run.id DESC LIMIT ?"
    return _records(database, database.query(sql, (*values, -1 if limit is None else limit)))


def by_metric(
    database: Database, which: Filter, label: str, limit: int | None, *, ascending: bool
) -> list[RunRecord]:
    """Return the runs that have a metric, best first.

    Raises:
        LedgerError: no run has a metric of that name.
    """
    values_of = metric_by_run(database, label)
    if not values_of:
        known = metric_labels(database)
        raise LedgerError(
            f"no run has a metric {label!r}",
            hint=did_you_mean(label, known)
            or (
                f"there are {', '.join(known[:12])}"
                if known
                else "give a dataset 'role: metrics' in the catalog"
            ),
        )
    found = values_of
    for run in EventLog(database).deleted():
        found.pop(run, None)
    if which != Filter():
        where, values = which.sql()
        allowed = {row[0] for row in database.query(f"SELECT id FROM run WHERE {where}", values)}
        found = {run: value for run, value in found.items() if run in allowed}
    ranked = _ranked(found, limit, ascending=ascending)
    rows = {
        row[0]: row
        for some in _chunks(ranked)
        for row in database.query(f"{SELECT_RUNS} WHERE run.id IN ({_marks(some)})", some)
    }
    return _records(database, [rows[run] for run in ranked])


def _ranked(values: Mapping[str, float], limit: int | None, *, ascending: bool) -> list[str]:
    """Return the keys of the best values; numbers alone are sorted in a third of the time of numbers with keys."""
    runs = list(values)
    if limit and limit < len(runs):
        last = sorted(values.values(), reverse=not ascending)[limit - 1]
        runs = [run for run, value in values.items() if (value <= last if ascending else value >= last)]
    return sorted(runs, key=lambda run: (values[run], run), reverse=not ascending)[:limit]


def metric_by_run(database: Database, label: str) -> dict[str, float]:
    """Return run -> value of a metric, the value of its last step."""
    found: dict[str, float] = {}
    for dataset, inner, name in _readings(label):
        sql = _WITH_METRIC.format(dataset="AND metric.dataset = ?" if dataset else "")
        given = (name, inner, dataset) if dataset else (name, inner)
        found.update({run: value for run, value, _ in database.query(sql, given)})
    return found


def metric_labels(database: Database) -> list[str]:
    """Return the names of all metrics."""
    rows = database.query("SELECT DISTINCT slice, name FROM metric ORDER BY slice, name")
    return [label_of(inner, name) for inner, name in rows]


def metrics_of(database: Database, runs: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return run -> name of a metric -> value of its last step; of two datasets with one name both are told apart."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    for some in _chunks(runs):
        for run, dataset, inner, name, value in database.query(_METRICS.format(marks=_marks(some)), some):
            found.setdefault(run, {})[dataset, label_of(inner, name)] = value
    return {run: _flat(values) for run, values in found.items()}


def metric_points(database: Database, run: str) -> list[MetricPoint]:
    """Return every number that a run made or reused, named as `metrics_of` names the last ones."""
    rows = database.query(_POINTS, (run,))
    named = {(dataset, label_of(inner, name)) for dataset, inner, name, *_ in rows}
    several = Counter(label for _, label in named)
    points = []
    for dataset, inner, name, step, value, at in rows:
        label = label_of(inner, name)
        full = label if several[label] == 1 else f"{dataset}:{label}"
        points.append(MetricPoint(full, step, value, at))
    return points


def label_of(inner: str, name: str) -> str:
    """Return how a metric is named: with what it is a slice of before it, as in the file that it came from."""
    return f"{inner}.{name}" if inner else name


def _flat(values: Mapping[tuple[str, str], float]) -> dict[str, float]:
    labels = [label for _, label in values]
    return {
        label if labels.count(label) == 1 else f"{dataset}:{label}": value
        for (dataset, label), value in values.items()
    }


def _readings(label: str) -> Iterator[tuple[str, str, str]]:
    """Yield dataset, slice and name that a label may mean: names may have dots themselves."""
    dataset, _, path = label.rpartition(":")
    parts = path.split(".")
    for at in range(len(parts)):
        yield dataset, ".".join(parts[:at]), ".".join(parts[at:])


def _records(database: Database, rows: Sequence[Any]) -> list[RunRecord]:
    ids = [row[0] for row in rows]
    counts: dict[str, dict[str, int]] = {}
    events, tags, names = EventLog(database), dict[str, dict[str, str]](), dict[str, list[str]]()
    has_events = bool(database.query("SELECT 1 FROM event WHERE kind IN (?, ?) LIMIT 1", (TAG, _ALIAS)))
    for some in _chunks(ids):
        ended = f"run IN ({_marks(some)}) AND status <> 'retried'"
        sql = f"SELECT run, status, count(*) FROM node_run WHERE {ended} GROUP BY run, status"
        for run, status, count in database.query(sql, some):
            counts.setdefault(run, {})[status] = count
        if has_events:
            tags.update(events.tags(some))
    for alias, run in events.aliases().items() if has_events else ():
        names.setdefault(run, []).append(alias)
    return [
        run_record(
            row, counts=counts.get(row[0], {}), tags=tags.get(row[0], {}), aliases=names.get(row[0], ())
        )
        for row in rows
    ]


def run_record(row: Sequence[Any], **more: Any) -> RunRecord:
    """Return a record of what `SELECT_RUNS` gives."""
    values = dict(zip(RUN_FIELDS, row, strict=True))
    values["pipelines"] = tuple(json.loads(values["pipelines"]))
    values["aliases"] = tuple(more.pop("aliases", ()))
    return RunRecord(**{**values, "parameters": {}, **more})


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _AT_A_TIME):
        yield items[start : start + _AT_A_TIME]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
