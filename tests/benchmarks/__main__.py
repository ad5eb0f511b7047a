"""Run all benchmarks, or those that are named: `python -m tests.benchmarks start_up memory`."""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path

ALL = (
    "start_up",
    "nothing_to_do",
    "csv_project",
    "per_node",
    "engines",
    "processes",
    "clusters",
    "ledger_cost",
    "hashing",
    "code",
    "display",
    "memory",
    "kept",
    "store",
    "catalog",
    "history",
    "crossings",
    "page",
)

for name in sys.argv[1:] or ALL:
    with tempfile.TemporaryDirectory() as folder:
        for figure in import_module(f"tests.benchmarks.{name}").figures(Path(folder)):
            print(figure, flush=True)
