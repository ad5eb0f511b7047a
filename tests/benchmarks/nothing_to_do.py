"""What a run costs that has nothing to do: on the penguins, and on a project of 1,000 nodes and 300 files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks.measure import MLO, Figure, bytecode_environment, cpu_seconds, ratio

NODES, SAVED = 1_000, 300
MODULES = 20


def figures(folder: Path) -> Iterator[Figure]:
    """Measure commands that need no function against the smallest command there is."""
    environment = bytecode_environment(folder / "bytecode")
    subprocess.run(
        [MLO, "new", "penguins", "--starter", "penguins", "--no-input"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    make_large(folder / "large")
    for root, most in ((folder / "penguins", 3.0), (folder / "large", 4.0)):
        for command in ("run", "plan", "viz", "catalog list"):
            yield _figure(root, command, most, environment)


def _figure(root: Path, command: str, most: float, environment: Mapping[str, str]) -> Figure:
    asked = [MLO, *command.split()]
    for _ in range(2):
        subprocess.run([MLO, "run"], cwd=root, env=environment, check=True, capture_output=True)
    cpu_seconds(asked, environment, root)
    found, ours, floor = ratio(
        lambda: cpu_seconds(asked, environment, root),
        lambda: cpu_seconds([MLO, "--version"], environment, root),
        runs=5,
    )
    note = f"{ours * 1000:.0f} ms against {floor * 1000:.0f} ms of processor time"
    return Figure(f"mlo {command}, nothing to do, {root.name}", found, "x version", most, note)


def make_large(root: Path) -> None:
    """Write a project of chains of nodes, of which a part is saved in files."""
    nodes = root / "src" / "large" / "nodes"
    nodes.mkdir(parents=True)
    (root / "conf" / "base").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.mlo]\npackage = "large"\n')
    for file in (nodes.parent / "__init__.py", nodes / "__init__.py"):
        file.touch()
    each = NODES // MODULES
    for module in range(MODULES):
        lines = ["import pandas", "from mlflow_tmpl import node"]
        for at in range(module * each, (module + 1) * each):
            first = at % each == 0
            argument = "" if first else f"d{at - 1}: str"
            body = f"'{at}'" if first else f"d{at - 1}[-9:] + '{at % 10}'"
            lines.append(f"@node(outputs='d{at}')\ndef step{at}({argument}) -> str:\n    return {body}")
        (nodes / f"part{module}.py").write_text("\n\n".join(lines) + "\n")
    saved = [at for at in range(NODES) if at % each == each - 1 or at % 4 == 0][:SAVED]
    kept = {*saved, *range(each - 1, NODES, each)}
    (root / "conf/base/catalog.yml").write_text("".join(f"d{at}: data/d{at}.txt\n" for at in sorted(kept)))
