"""How long a user waits before anything happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import MLO, Figure, bytecode_environment, cpu_seconds, ratio


def figures(folder: Path) -> Iterator[Figure]:
    """Compare with the import of click alone."""
    environment = bytecode_environment(folder / "bytecode")

    def click() -> float:
        return cpu_seconds([sys.executable, "-c", "import click"], environment, folder)

    for option in ("--help", "--version"):
        value, ours, floor = ratio(lambda: cpu_seconds([MLO, option], environment, folder), click)  # noqa: B023
        note = f"{ours * 1000:.0f} ms against {floor * 1000:.0f} ms of processor time"
        yield Figure(f"mlo {option} / python -c 'import click'", value, "x", 1.25, note)
