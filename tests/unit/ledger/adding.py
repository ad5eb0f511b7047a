"""Rows that tests put into a ledger without running anything."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.ledger.recorder import RUN
from mlflow_tmpl.ledger.statements import METRIC, NODE_RUN, RESULT, RESULT_IO, VERSION

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger


def add_run(ledger: Ledger, run: str, **more: Any) -> str:
    """Add a run and return its id."""
    texts = dict.fromkeys(("definition", "parameter", "environment"), "")
    asked = {"pipelines": '["__default__"]', "selection": "", "config_environment": ""}
    known: dict[str, Any] = {
        "id": run,
        **texts,
        **asked,
        "git_commit": None,
        "git_dirty": None,
        "cause": "manual",
        "parent": None,
        "external_id": None,
        "orchestrator": None,
        "engine": "inline",
        "actor": "ada",
        "host": platform.node(),
        "pid": os.getpid(),
        "command": "mlo run",
        "started_at": 1.0,
        "duration_s": 1.0,
        "status": "done",
        "asked": None,
        "engine_reason": None,
    }
    ledger._database.write([(RUN, [tuple({**known, **more}.values())])])
    return run


def add_output(
    ledger: Ledger,
    run: str,
    dataset: str,
    fingerprint: str,
    *,
    node: str = "make",
    status: str = "done",
    **metrics: float,
) -> None:
    """Add a node to a run that made a version of a dataset, with metrics of it."""
    result = f"{node}-{fingerprint}"
    rows: list[tuple[str, list[Any]]] = [
        (RESULT, [(result, f"key-{result}", node, "{}", "{}", 1.0)]),
        (RESULT_IO, [(result, "out", dataset, dataset, fingerprint)]),
        (VERSION, [(dataset, fingerprint, "content", None, 10, None, f"data/{dataset}", 1.0)]),
        (METRIC, [(dataset, fingerprint, name, "", 0, value) for name, value in metrics.items()]),
        (
            NODE_RUN,
            [
                (
                    run,
                    node,
                    "",
                    1,
                    "run",
                    status,
                    result,
                    "[]",
                    "inline",
                    "here",
                    1.0,
                    1.0,
                    None,
                    None,
                    None,
                    None,
                )
            ],
        ),
    ]
    ledger._database.write(rows)
