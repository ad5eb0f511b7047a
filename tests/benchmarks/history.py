"""What it takes to look back on 10,000 runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from mlflow_tmpl.ledger import Ledger
from tests.benchmarks.measure import MLO, Figure, bytecode_environment, cpu_seconds, ratio
from tests.unit.ledger.adding import add_output, add_run

RUNS = 10_000
SHAPES = {
    "runs list": [],
    "runs list --metrics": ["--metrics"],
    "runs list --sort": ["--sort", "accuracy"],
    "runs list --status failed --since 1d": ["--status", "failed", "--since", "1d"],
}


def figures(folder: Path) -> Iterator[Figure]:
    """Measure lists of a ledger with many runs against the smallest command there is."""
    root = folder / "history"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.mlo]\npackage = "history"\n')
    fill(Ledger(root))
    environment = bytecode_environment(folder / "bytecode")
    for name, options in SHAPES.items():
        command = [MLO, "runs", "list", *options]
        found, _, _ = ratio(
            lambda command=command: cpu_seconds(command, environment, root),  # type: ignore[misc]
            lambda: cpu_seconds([MLO, "--version"], environment, root),
            runs=5,
        )
        yield Figure(f"mlo {name}, {RUNS:,} runs", found, "x version", 2)


def fill(ledger: Ledger, runs: int = RUNS) -> None:
    """Add runs of four nodes, one of which makes metrics."""
    for at in range(runs):
        run = add_run(ledger, f"01{at:06x}-0000-7000-8000-000000000000", started_at=float(at))
        add_output(ledger, run, "metrics", f"{at:040x}", accuracy=at / runs, loss=1 - at / runs)
    ledger.close()
