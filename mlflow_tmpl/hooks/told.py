"""What hooks are told: names, places and numbers, never values, so that it is the same under every engine."""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.pipeline.names import is_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.events import NodeFinished, NodeStarted, RunStarted
    from mlflow_tmpl.engine.failure import NodeFailure
    from mlflow_tmpl.engine.metrics import Metric
    from mlflow_tmpl.ledger.records import RunRecord


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run whose record is open.

    Attributes:
        id: of the run in the ledger.
        project: name of the project.
        root: folder of the project.
        pipelines: names that were asked for.
        selection: options that sliced them.
        environment: of the configuration; empty for the base.
        engine: where nodes run.
        command: as it was given, or empty.
        cause: ``manual``, ``resume``, ``rerun``, ...
        parent: id of the run that this one resumes or repeats, or empty.
        parameters: dotted key to value; secrets are masked.
        tags: that the run carries from the start.
        started_at: seconds since the epoch.
    """

    id: str
    project: str
    root: Path
    pipelines: tuple[str, ...] = ()
    selection: str = ""
    environment: str = ""
    engine: str = ""
    command: str = ""
    cause: str = "manual"
    parent: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    started_at: float = 0.0

    @staticmethod
    def of_event(event: RunStarted, project: str, root: Path) -> RunInfo:
        """Return what an event tells of a run that begins."""
        context = event.context
        return RunInfo(
            event.run_id,
            project,
            root,
            tuple(context.get("pipelines", ())),
            context.get("selection", ""),
            context.get("environment", ""),
            context.get("engine", ""),
            context.get("command", ""),
            context.get("cause", "manual"),
            context.get("parent") or "",
            _values(context.get("parameters", {})),
            dict(context.get("tag", {})),
            event.at,
        )

    @staticmethod
    def of_record(record: RunRecord, project: str, root: Path) -> RunInfo:
        """Return what the ledger has of a run, for a process that did not begin it."""
        return RunInfo(
            record.id,
            project,
            root,
            record.pipelines,
            record.selection,
            record.environment,
            record.engine,
            record.command,
            record.cause,
            record.parent or "",
            _values(record.parameters),
            record.tags,
            record.started_at,
        )


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """A node of a run.

    Attributes:
        name: of the node.
        action: what is done about it: ``run``, ``reuse`` or ``omit``.
        reasons: why, as texts.
        inputs: argument to dataset or parameter.
        outputs: datasets that it makes.
        tags: of the node.
        where: ``file:line`` of its function.
        attempt: how often it was begun in this run, counted from 1.
        engine: where it runs; empty if it does not.
    """

    name: str
    action: str
    reasons: tuple[str, ...]
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    tags: frozenset[str]
    where: str
    attempt: int = 1
    engine: str = ""

    @staticmethod
    def of(event: NodeStarted | NodeFinished) -> NodeInfo:
        """Return what an event tells of its node."""
        node, reasons = event.step.node, tuple(map(str, event.step.reasons))
        about = node.name, event.step.action.value, reasons, node.inputs, node.outputs, node.tags, node.where
        return NodeInfo(*about, event.attempt, event.engine)


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """Why a node failed; masked.

    Attributes:
        type: name of the error's type.
        message: what is wrong, in a line.
        where: ``file:line`` of the innermost frame of the project.
        hint: what to do about it, or empty.
        traceback: from the project's first frame on, or empty.
    """

    type: str
    message: str
    where: str
    hint: str
    traceback: str

    @staticmethod
    def of(failure: NodeFailure) -> ErrorInfo:
        """Return what a failure tells."""
        return ErrorInfo(failure.kind, failure.message, failure.where, failure.hint, failure.frames)


@dataclass(frozen=True, slots=True)
class NodeOutcome:
    """What came of a node.

    Attributes:
        status: a word of the ledger: ``done reused skipped blocked failed cancelled``, ...; ``retried`` of an attempt
            that another one follows.
        ended_at: seconds since the epoch.
        duration_s: how long it ran; 0 if it did not.
        error: why it failed.
        cpu_s: processor time that it took, where that is known.
        peak_bytes: the most memory that its process had, where nothing else ran there meanwhile.
    """

    status: str
    ended_at: float
    duration_s: float
    error: ErrorInfo | None
    cpu_s: float | None = None
    peak_bytes: int | None = None

    @staticmethod
    def of(event: NodeFinished) -> NodeOutcome:
        """Return what an event tells of a node that has ended."""
        error = ErrorInfo.of(event.error) if event.error is not None else None
        usage = event.usage
        return NodeOutcome(event.status, event.at, event.duration_s, error, usage.cpu_s, usage.peak_bytes)


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A dataset that a node loads or saves, or that a run gave.

    Attributes:
        name: of the dataset.
        type: as in the catalog.
        place: where it lies, as it may be shown.
        path: of its file or folder, where it lies on this machine.
        role: what it is for: ``model metrics predictions reference report``, or empty.
        rows: of a table that was loaded or saved.
        bytes: of its file, once it was saved.
        fingerprint: of the content, once that is known.
        metrics: the numbers in one with the role ``metrics`` that was saved: name, slice, step, value.
        load: loads it, in the process that asks.
    """

    name: str
    type: str
    place: str
    path: Path | None
    role: str
    rows: int | None
    bytes: int | None
    fingerprint: str
    metrics: tuple[Metric, ...]
    load: Callable[[], Any] = field(repr=False, compare=False)

    @staticmethod
    def of(
        catalog: Catalog,
        name: str,
        *,
        rows: int | None = None,
        fingerprint: str = "",
        metrics: tuple[Metric, ...] = (),
    ) -> DatasetInfo:
        """Return what is known of a dataset of a catalog."""
        told = catalog.describe(name)
        path: Path | None = getattr(catalog.dataset(name), "path", None)
        size = _size(path) if fingerprint else None
        place, role = str(told.get("filepath", "")), str(told.get("role") or "")
        return DatasetInfo(
            name,
            str(told["type"]),
            place,
            path,
            role,
            rows,
            size,
            fingerprint,
            metrics,
            lambda: catalog.load(name),
        )


def taken(catalog: Catalog, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the datasets among a node's inputs that are loaded."""
    for name in names.values():
        if not is_parameter(name) and not catalog.is_memory(name):
            yield name


def _values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {key: told["value"] for key, told in parameters.items()}


def _size(path: Path | None) -> int | None:
    try:
        return os.stat(path).st_size if path is not None else None
    except OSError:
        return None
