"""What happens in a run, in rows of the ledger."""

from __future__ import annotations

import json
import os
import platform
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from mlflow_tmpl.engine.events import ContentFound, NodeFinished, NodeStarted, RunFinished, RunStarted
from mlflow_tmpl.engine.identity import new_run_id
from mlflow_tmpl.engine.metrics import metrics_in
from mlflow_tmpl.engine.usage import Usage
from mlflow_tmpl.errors import MloError
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.ledger.events import INSERT as EVENT
from mlflow_tmpl.ledger.events import TAG, run_subject
from mlflow_tmpl.ledger.leases import RELEASE
from mlflow_tmpl.ledger.sources import SOURCE, new_sources, pack
from mlflow_tmpl.ledger.statements import METRIC, NODE_RUN, RESULT, RESULT_IO, VERSION, from_bytes, to_bytes
from mlflow_tmpl.ledger.surroundings import actor, describe_environment, git_commit
from mlflow_tmpl.pipeline.names import base_name, whole_name
from mlflow_tmpl.planning.json_texts import canonical_json, plain_json

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.engine.metrics import Metric
    from mlflow_tmpl.engine.task import Outcome
    from mlflow_tmpl.ledger.statements import Told
    from mlflow_tmpl.planning import Parts, Plan, Reason

RUN = "INSERT INTO run VALUES (" + ", ".join("?" * 23) + ")"
CLOSE_RUN = "UPDATE run SET status = ?, duration_s = ? WHERE id = ? AND status = 'running'"
_UNKNOWN = Usage()
_NO_PARTS = '{"code":"","inputs":{},"parameters":{},"outputs":{}}'
_BY_HASH = "INSERT OR IGNORE INTO {table} VALUES (?, ?)"


class Known(Protocol):
    """What a recorder asks about what is recorded already."""

    def has_metrics(self, dataset: str, fingerprint: str) -> bool:
        """Tell whether the metrics of a version are."""

    def has_definition(self, name: str) -> bool:
        """Tell whether a definition is, and with it what its code is made of."""

    def known_sources(self, ids: Iterable[str]) -> set[str]:
        """Return those of some hashes whose text is kept."""

    def hash_file(self, path: Path) -> str:
        """Return the hash of a file's content."""


class Recorder:
    """Turns the events of one run into rows.

    Args:
        root: the project's folder.
        past: what is recorded already.
    """

    def __init__(self, root: Path, past: Known) -> None:
        self._root = root
        self._host = platform.node()
        self._run = ""
        self._engine = ""
        self._catalog: Catalog | None = None
        self._known: dict[str, tuple[Path | None, str, str | None]] = {}
        self._described: Callable[[str], Mapping[str, Any]] = lambda _: {}
        self._made: Container[str] = ()
        self._past = past
        self._begun: dict[tuple[str, int], NodeStarted] = {}
        self._told_begun: set[tuple[str, int]] = set()

    def heard(self, event: Event) -> Event | bytes | None:
        """Return what `rows_of` takes of an event, if anything; called in the thread of the run, and quick."""
        if isinstance(event, NodeFinished):
            self._begun.pop((event.step.node.name, event.attempt), None)
            return to_bytes(self._node_finished(event))
        if isinstance(event, NodeStarted):
            self._begun[event.step.node.name, event.attempt] = event
            return None
        if isinstance(event, ContentFound):
            return to_bytes(self._content_found(event))
        if isinstance(event, RunStarted):
            self._run, self._engine = event.run_id, event.context["engine"]
            self._catalog, self._described = event.plan.catalog, event.plan.decider.described
            self._made = event.plan.pipeline.producers  # their versions are told by the nodes that make them
        return event

    def rows_of(self, heard: Iterable[Event | bytes]) -> Mapping[str, Sequence[Any]]:
        """Return statement -> values of its rows; what is under way is told once, and not if it ends before that.

        They stand in one list, as thousands of rows would keep the garbage collector busy.
        """
        values: dict[str, list[Any]] = {}
        begun = self._begun.copy()
        for which in begun.keys() - self._told_begun:
            self._told_begun.add(which)
            sql, row = self._node_run(begun[which], "running")
            values.setdefault(sql, []).extend(row)
        for event in heard:
            told: Iterable[Told] = ()
            if isinstance(event, bytes):
                told = from_bytes(event)
            elif isinstance(event, RunStarted):
                told = self._run_started(event)
            elif isinstance(event, RunFinished):
                ends = (event.status, event.duration_s, event.run_id)
                told = ((CLOSE_RUN, ends), (RELEASE, (event.run_id,)))
            for sql, row in told:
                values.setdefault(sql, []).extend(row)
        return values

    def _run_started(self, event: RunStarted) -> Iterator[Told]:
        context = event.context
        yield from _definitions_reached(event.plan)
        files = yield from self._sources(event)
        contents = {
            "definition": {**_definition(event.plan), "files": files},
            "parameter": context.get("parameters", {}),
            "environment": describe_environment(),
        }
        hashes = []
        for table, content in contents.items():
            text = canonical_json(content)
            hashes.append(digest(text))
            if table == "definition" and not self._past.has_definition(hashes[-1]):
                for fingerprint, parts in event.plan.decider.code_parts().items():
                    yield _BY_HASH.format(table="code"), (fingerprint, canonical_json(dict(parts)))
            yield _BY_HASH.format(table=table), (hashes[-1], text)
        asked = (
            json.JSONEncoder().encode(context.get("pipelines", [])),
            context.get("selection", ""),
            context.get("environment", ""),
        )
        cause = (context.get("cause", "manual"), context.get("parent"), None, None)
        where = (self._engine, actor(), self._host, os.getpid(), self._masked(context.get("command", "")))
        commit = git_commit(self._root)
        request = canonical_json(self._masked(context["asked"])) if "asked" in context else None
        row = (
            event.run_id,
            *hashes,
            *asked,
            commit,
            None,
            *cause,
            *where,
            event.at,
            None,
            "running",
            request,
            context.get("engine_reason") or None,
        )
        yield RUN, row
        for key, value in context.get("tag", {}).items():
            yield (
                EVENT,
                (new_run_id(), event.at, actor(), TAG, run_subject(event.run_id), key, value, "", None),
            )

    def _content_found(self, event: ContentFound) -> list[Told]:
        _, place, role = self._about(event.dataset)
        name = base_name(event.dataset)
        return [(VERSION, (name, event.fingerprint, "content", role, event.size, None, place, event.at))]

    def _sources(self, event: RunStarted) -> Generator[Told, None, dict[str, str]]:
        """Yield the texts of the project's own files that are not kept yet, and return name to hash of all."""
        files: dict[str, Path] = event.context.get("files", {})
        hashes = {}
        for name, path in files.items():
            try:
                hashes[name] = self._past.hash_file(path)
            except OSError:
                continue
        yield from new_sources(files, hashes, self._past.known_sources(hashes.values()))
        return hashes

    def _node_finished(self, event: NodeFinished) -> list[Told]:
        rows: list[Told] = []
        result = event.result
        if not result and event.status == "done":
            saved = _saved(event)
            outputs = canonical_json(saved)
            result = digest_parts([event.step.key or self._run, event.step.node.name, outputs])
            self._add_result(rows, event, result, outputs, saved)
        elif event.status == "reused":
            rows += self._metrics_of_reused(event)
        error = canonical_json(self._masked(event.error.to_json())) if event.error else None
        log = self._log(event)
        rows.append(
            self._node_run(event, event.status, result, event.at, event.duration_s, error, log, event.usage)
        )
        return rows

    def _metrics_of_reused(self, event: NodeFinished) -> Iterator[Told]:
        """Yield the metrics of what was made before its role was declared."""
        for dataset, fingerprint in (event.fingerprints or {}).items():
            if self._described(dataset).get("role") != "metrics" or self._catalog is None:
                continue
            if not self._past.has_metrics(base_name(dataset), fingerprint):
                try:
                    value = self._catalog.load(dataset)
                except MloError:
                    continue  # it was lost since: the next run that makes it records them
                yield from _metrics(dataset, fingerprint, metrics_in(value))

    def _node_run(
        self,
        event: NodeStarted | NodeFinished,
        status: str,
        result: str = "",
        at: float | None = None,
        duration_s: float | None = None,
        error: str | None = None,
        log: str | None = None,
        usage: Usage = _UNKNOWN,
    ) -> Told:
        step = event.step
        reasons = _told(step.reasons) if step.reasons else "[]"
        what = (step.node.name, step.node.item, event.attempt, step.action.value, status, result, reasons)
        where = event.engine or self._engine, self._host
        return NODE_RUN, (
            self._run,
            *what,
            *where,
            at,
            duration_s,
            usage.peak_bytes,
            log,
            error,
            usage.cpu_s,
        )

    def _masked(self, data: Any) -> Any:
        """Return texts and plain data without the secrets that this run knows."""
        return self._catalog.known_secrets.mask_data(data) if self._catalog is not None else data

    def _masked_parts(self, text: str) -> str:
        """Return what a key is made of without the secrets in its values; the key itself is the hash of all."""
        if self._catalog is None or self._catalog.known_secrets.mask_known(text) == text:
            return text
        return plain_json(self._masked(json.loads(text)))

    def _log(self, event: NodeFinished) -> str | None:
        """Return what a node printed as JSON, without the credentials that this run knows."""
        if not event.log or self._catalog is None:
            return None
        return plain_json([(at, stream, self._masked(text)) for at, stream, text in event.log])

    def _add_result(
        self, rows: list[Told], event: NodeFinished, name: str, outputs: str, saved: Mapping[str, str]
    ) -> None:
        """Add what a node gave for a key, and the lineage of it.

        Args:
            rows: what it is added to.
            event: its end.
            name: of the result.
            outputs: `saved` as JSON.
            saved: the fingerprints of what it saved.
        """
        step, parts = event.step, event.parts
        told = self._masked_parts(parts.text) if parts else _NO_PARTS
        rows.append((RESULT, (name, step.key or "", step.node.name, told, outputs, event.at)))
        for argument, (dataset, fingerprint, _) in parts.inputs.items() if parts else ():
            rows.append((RESULT_IO, (name, "in", argument, base_name(dataset), fingerprint)))
        for dataset, fingerprint in saved.items():
            rows.append((RESULT_IO, (name, "out", dataset, base_name(dataset), fingerprint)))
        if event.outcome is not None:
            self._add_versions(rows, event.outcome, parts, event.at)

    def _add_versions(self, rows: list[Told], outcome: Outcome, parts: Parts | None, at: float) -> None:
        """Add the versions that a node made, and of what it took those that no node makes."""
        for dataset, saved in outcome.saved.items():
            self._add_version(rows, dataset, saved.fingerprint, saved.rows, at)
            if saved.metrics:
                rows += _metrics(dataset, saved.fingerprint, saved.metrics)
        for dataset, fingerprint, _ in parts.inputs.values() if parts and outcome.loaded else ():
            if dataset in outcome.loaded and whole_name(base_name(dataset)) not in self._made:
                self._add_version(rows, dataset, fingerprint, outcome.loaded[dataset], at)

    def _add_version(
        self, rows: list[Told], dataset: str, fingerprint: str, count: int | None, at: float
    ) -> None:
        if fingerprint:
            path, place, role = self._about(dataset)
            name = base_name(dataset)
            rows.append((VERSION, (name, fingerprint, "content", role, _size(path), count, place, at)))

    def _about(self, dataset: str) -> tuple[Path | None, str, str | None]:
        """Return what does not change about a dataset in a run: the path of its file, its place as shown, its role."""
        if dataset not in self._known:
            assert self._catalog is not None
            path = getattr(self._catalog.dataset(dataset), "path", None)
            told = self._described(dataset)
            self._known[dataset] = (path, str(told.get("filepath", "")), str(told.get("role", "")) or None)
        return self._known[dataset]


@lru_cache(maxsize=64)
def _told(reasons: tuple[Reason, ...]) -> str:
    """Return reasons as JSON; thousands of nodes of a first run have the same one."""
    return plain_json([reason.to_json() for reason in reasons])


def _size(path: Path | None) -> int | None:
    try:
        return os.stat(path).st_size if path is not None else None
    except OSError:
        return None


def _saved(event: NodeFinished) -> dict[str, str]:
    """Return the fingerprints of what a node saved; one of a value in memory names its result's key itself."""
    fingerprints = event.fingerprints or {}
    return {name: fingerprints[name] for name in event.outcome.saved} if event.outcome else {}


def _metrics(dataset: str, fingerprint: str, metrics: Iterable[Metric]) -> Iterator[Told]:
    if fingerprint:
        for name, inner, step, value in metrics:
            yield METRIC, (base_name(dataset), fingerprint, name, inner, step, value)


def _definitions_reached(plan: Plan) -> Iterator[Told]:
    """Yield the source of what nodes reach that are about to run, each definition once."""
    told: dict[str, str] = {}
    due = {plan.decider.code_id(step.node): step.node for step in plan.steps if step.action.value == "run"}
    for node in due.values():  # many nodes share one function
        told.update(plan.decider.code_sources(node))
    for name, text in told.items():
        yield SOURCE, (name, pack(text.encode()))


def _definition(plan: Plan) -> dict[str, Any]:
    """Return the wiring of a plan's nodes, with the fingerprints of their code."""
    return {
        "nodes": [
            {
                "name": node.name,
                "inputs": node.inputs,
                "outputs": node.outputs,
                "tags": sorted(node.tags),
                "code": plan.decider.code_id(node),
                **({"when": str(node.when)} if node.when is not None else {}),
            }
            for node in plan.pipeline.nodes
        ]
    }
