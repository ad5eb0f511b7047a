"""Listens to a run and writes it into the ledger."""

from __future__ import annotations

import json
import os
import platform
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import Event, NodeFinished, NodeStarted, RunFinished, RunStarted
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.ledger.surroundings import actor, describe_environment, git_commit
from mlflow_tmpl.pipeline.names import base_name
from mlflow_tmpl.planning.values import canonical_json

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.ledger.writer import Writer
    from mlflow_tmpl.planning import Plan, Step

RUN = "INSERT INTO run VALUES (" + ", ".join("?" * 21) + ")"
CLOSE_RUN = "UPDATE run SET status = ?, duration_s = ? WHERE id = ? AND status = 'running'"
NODE_RUN = "INSERT OR REPLACE INTO node_run VALUES (" + ", ".join("?" * 15) + ")"
RESULT = "INSERT OR IGNORE INTO result VALUES (?, ?, ?, ?, ?, ?)"
RESULT_IO = "INSERT OR IGNORE INTO result_io VALUES (?, ?, ?, ?, ?)"
VERSION = "INSERT OR IGNORE INTO version VALUES (?, '', ?, ?, NULL, ?, ?, ?, ?)"
_BY_HASH = "INSERT OR IGNORE INTO {table} VALUES (?, ?)"


class Recorder:
    """Writes one run into the ledger; a listener of the engine.

    Args:
        writer: takes the rows.
        root: the project's folder.
    """

    def __init__(self, writer: Writer, root: Path) -> None:
        self._writer = writer
        self._root = root
        self._host = platform.node()
        self._run = ""
        self._engine = ""
        self._catalog: Catalog | None = None

    def __call__(self, event: Event) -> None:
        """Write down what happened."""
        if isinstance(event, NodeFinished):
            self._node_finished(event)
        elif isinstance(event, NodeStarted):
            self._node_run(event.step, "running", "", None, None, None)
        elif isinstance(event, RunStarted):
            self._run_started(event)
        else:
            self._run_finished(event)

    def _by_hash(self, table: str, content: Any) -> str:
        text = canonical_json(content)
        name = digest(text)
        self._writer.put(_BY_HASH.format(table=table), (name, text))
        return name

    def _run_started(self, event: RunStarted) -> None:
        context = event.context
        self._run, self._engine = event.run_id, context["engine"]
        self._catalog = event.plan.catalog
        for fingerprint, parts in event.plan.decider.code_parts().items():
            self._writer.put(_BY_HASH.format(table="code"), (fingerprint, canonical_json(dict(parts))))
        row = (
            event.run_id,
            self._by_hash("definition", _definition(event.plan)),
            self._by_hash("parameter", context.get("parameters", {})),
            self._by_hash("environment", describe_environment()),
            json.dumps(context.get("pipelines", [])),
            context.get("selection", ""),
            context.get("environment", ""),
            git_commit(self._root),
            None,
            context.get("cause", "manual"),
            None,
            None,
            None,
            self._engine,
            actor(),
            self._host,
            os.getpid(),
            context.get("command", ""),
            event.at,
            None,
            "running",
        )
        self._writer.put(RUN, row)

    def _run_finished(self, event: RunFinished) -> None:
        self._writer.put(CLOSE_RUN, (event.status, event.duration_s, event.run_id))

    def _node_finished(self, event: NodeFinished) -> None:
        result = event.result
        if not result and event.status == "done":
            result = self._result(event)
        error = canonical_json(event.error.to_json()) if event.error else None
        self._node_run(event.step, event.status, result, event.at, event.duration_s, error)

    def _node_run(
        self,
        step: Step,
        status: str,
        result: str,
        at: float | None,
        duration_s: float | None,
        error: str | None,
    ) -> None:
        reasons = json.dumps([reason.to_json() for reason in step.reasons]) if step.reasons else "[]"
        row = (
            *(self._run, step.node.name, "", 1, step.action.value, status, result, reasons),
            *(self._engine, self._host, at, duration_s, None, None, error),
        )
        self._writer.put(NODE_RUN, row)

    def _result(self, event: NodeFinished) -> str:
        """Write what a node gave for a key, and the lineage of it."""
        node, fingerprints = event.step.node, event.fingerprints or {}
        saved = {name: fingerprints[name] for name in event.outcome.saved} if event.outcome else {}
        key = event.step.key or ""
        outputs = canonical_json(saved)
        parts = (
            event.parts.to_json() if event.parts else '{"code":"","inputs":{},"parameters":{},"outputs":{}}'
        )
        name = digest_parts([key or self._run, node.name, outputs])
        self._writer.put(RESULT, (name, key, node.name, parts, outputs, event.at))
        if event.parts:
            for argument, (dataset, fingerprint, _) in event.parts.inputs.items():
                self._writer.put(RESULT_IO, (name, "in", argument, dataset, fingerprint))
        for dataset, fingerprint in fingerprints.items():
            self._writer.put(RESULT_IO, (name, "out", dataset, dataset, fingerprint))
        if event.outcome and (event.outcome.saved or event.outcome.loaded):
            self._versions(event)
        return name

    def _versions(self, event: NodeFinished) -> None:
        outcome, parts = event.outcome, event.parts
        assert outcome is not None
        rows = {name: (saved.fingerprint, saved.rows) for name, saved in outcome.saved.items()}
        for dataset, fingerprint, _ in parts.inputs.values() if parts else ():
            if dataset in outcome.loaded:
                rows[dataset] = (fingerprint, outcome.loaded[dataset])
        for dataset, (fingerprint, count) in rows.items():
            if fingerprint:
                size, place = self._where(dataset)
                row = (base_name(dataset), fingerprint, "content", size, count, place, event.at)
                self._writer.put(VERSION, row)

    def _where(self, dataset: str) -> tuple[int | None, str]:
        assert self._catalog is not None
        path = getattr(self._catalog.dataset(dataset), "path", None)
        place = str(self._catalog.describe(dataset).get("filepath", ""))
        try:
            return (os.stat(path).st_size if path is not None else None), place
        except OSError:
            return None, place


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
            }
            for node in plan.pipeline.nodes
        ]
    }
