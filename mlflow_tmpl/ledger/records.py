"""Runs as they were recorded."""

from __future__ import annotations

import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

from mlflow_tmpl.dataclass import dataclass

SHORT_ID = 13
"""Digits of a run's id that are shown: its time to the millisecond."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node in one run.

    Attributes:
        name: of the node.
        action: ``run``, ``reuse`` or ``omit``.
        status: a word of the ledger.
        reasons: why it ran, as `Reason.to_json` gives them.
        duration_s: how long it ran; ``None`` while it has not ended.
        ended_at: seconds since the epoch.
        error: what `NodeFailure.to_json` gives, if it failed.
        attempt: how often it was begun, counted from 1.
        engine: where it ran.
        retried: the attempts before this one.
        peak_bytes: the most memory that its process had, if nothing else ran there meanwhile.
        cpu_s: processor time that it took.
    """

    name: str
    action: str
    status: str
    reasons: tuple[dict[str, str], ...]
    duration_s: float | None
    ended_at: float | None
    error: dict[str, Any] | None
    attempt: int = 1
    engine: str = ""
    retried: tuple[NodeRecord, ...] = ()
    peak_bytes: int | None = None
    cpu_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        plain: dict[str, Any] = {
            "name": self.name,
            "action": self.action,
            "status": self.status,
            "reasons": list(self.reasons),
            "duration_s": self.duration_s,
            **({"engine": self.engine} if self.engine else {}),
            **({"peak_bytes": self.peak_bytes} if self.peak_bytes is not None else {}),
            **({"cpu_s": self.cpu_s} if self.cpu_s is not None else {}),
        }
        if self.attempt > 1:
            plain["attempt"] = self.attempt
        if self.retried:
            plain["retried"] = [_told_attempt(each) for each in self.retried]
        return {**plain, "error": self.error} if self.error else plain


def _told_attempt(record: NodeRecord) -> dict[str, Any]:
    told = {"attempt": record.attempt, "engine": record.engine, "duration_s": record.duration_s}
    return {**told, "ended_at": record.ended_at, "error": record.error}


NODE_FIELDS = "node, action, status, reasons, duration_s, ended_at, error, attempt, engine, peak_bytes, cpu_s"
"""Columns of ``node_run`` that `node_records` takes."""


def node_records(rows: Iterable[Sequence[Any]]) -> tuple[NodeRecord, ...]:
    """Return the nodes of a run, each with the attempts before its last one.

    Args:
        rows: with the columns of `NODE_FIELDS`, in the order in which they ended.
    """
    retried: dict[str, list[NodeRecord]] = {}
    found = []
    for row in rows:
        record = _node_record(row)
        if record.status == "retried":
            retried.setdefault(record.name, []).append(record)
        else:
            found.append(record)
    if not retried:
        return tuple(found)
    ended = {each.name for each in found}
    left = [attempts[-1] for name, attempts in retried.items() if name not in ended]
    return tuple(
        [replace(each, retried=tuple(retried.get(each.name, ()))) for each in found]
        + [replace(each, retried=tuple(retried[each.name][:-1])) for each in left]
    )


def _node_record(row: Sequence[Any]) -> NodeRecord:
    name, action, status, reasons, duration_s, ended_at, error, attempt, engine, peak_bytes, cpu_s = row
    about = name, action, status, tuple(json.loads(reasons)), duration_s, ended_at
    told = json.loads(error) if error else None
    return NodeRecord(*about, told, attempt, engine, peak_bytes=peak_bytes, cpu_s=cpu_s)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.

    Attributes:
        id: UUIDv7.
        status: a word of the ledger; ``lost`` for one whose process is gone.
        pipelines: names that were asked for.
        selection: options that sliced them.
        environment: of the configuration.
        engine: where nodes ran.
        engine_reason: why, if it was not asked for by name.
        actor, host: who ran it and where.
        command: as it was given, or empty.
        git_commit: what was checked out, if anything.
        cause: ``manual``, ``resume``, ``rerun``, ...
        parent: id of the run that this one resumes or repeats.
        started_at: seconds since the epoch.
        duration_s: ``None`` while it has not ended.
        counts: status to number of nodes.
        parameters: dotted key to ``{"value", "where"}``.
        nodes: in the order of the pipeline; empty where only a list was asked for.
        tags: key to value.
        aliases: names that stand for this run.
        metrics: name to value, of the metrics that the run made or reused; empty where they were not asked for.
        swept: parameters that have a value of their own at this point of a sweep, which its tags tell.
    """

    id: str
    status: str
    pipelines: tuple[str, ...]
    selection: str
    environment: str
    engine: str
    engine_reason: str
    actor: str
    host: str
    command: str
    git_commit: str | None
    cause: str
    parent: str | None
    started_at: float
    duration_s: float | None
    counts: dict[str, int]
    parameters: dict[str, dict[str, Any]]
    nodes: tuple[NodeRecord, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    swept: tuple[str, ...] = ()

    @property
    def short_id(self) -> str:
        """As many digits of the id as tell when the run began."""
        return self.id[:SHORT_ID]

    def summary(self) -> dict[str, Any]:
        """Return the record as plain data, without nodes and parameters."""
        return {
            "id": self.id,
            "status": self.status,
            "pipelines": list(self.pipelines),
            "selection": self.selection,
            "environment": self.environment,
            "engine": self.engine,
            **({"engine_reason": self.engine_reason} if self.engine_reason else {}),
            "actor": self.actor,
            "host": self.host,
            "command": self.command,
            "git_commit": self.git_commit,
            "cause": self.cause,
            "parent": self.parent,
            "tags": self.tags,
            "aliases": list(self.aliases),
            "started_at": self.started_at,
            "duration_s": self.duration_s,
            "counts": self.counts,
            **({"metrics": self.metrics} if self.metrics else {}),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return {
            **self.summary(),
            "parameters": self.parameters,
            "nodes": [node.to_json() for node in self.nodes],
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run happened in.

    Attributes:
        nodes: name to wiring, and fingerprint of the code.
        files: the project's own files: path to hash of the content.
        environment: Python, platform, packages by version.
        parameters: dotted key to ``{"value", "where"}``.
    """

    nodes: dict[str, dict[str, Any]]
    files: dict[str, str]
    environment: dict[str, Any]
    parameters: dict[str, dict[str, Any]]
