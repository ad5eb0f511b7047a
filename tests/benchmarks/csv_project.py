"""A project of three nodes over CSV files, against a plain pandas script that does the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import MLO, Figure, bytecode_environment, cpu_seconds, ratio

FILES = {
    "pyproject.toml": '[tool.mlo]\npackage = "csv_project"\n',
    "src/csv_project/__init__.py": "",
    "src/csv_project/nodes/__init__.py": "",
    "src/csv_project/nodes/steps.py": """
import pandas as pd
from mlflow_tmpl import node


@node(outputs="clean")
def clean(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[raw.x > 10]


@node(outputs="scaled")
def scale(clean: pd.DataFrame) -> pd.DataFrame:
    return clean.assign(x=clean.x / 2)


@node(outputs="summary")
def summarise(scaled: pd.DataFrame) -> pd.DataFrame:
    return scaled.groupby("group", as_index=False).mean()
""",
    "conf/base/catalog.yml": (
        "raw: data/raw.csv\nclean: data/clean.csv\nscaled: data/scaled.csv\nsummary: data/summary.csv\n"
    ),
    "script.py": """
import pandas as pd

raw = pd.read_csv("data/raw.csv")
raw[raw.x > 10].to_csv("script/clean.csv", index=False)
clean = pd.read_csv("script/clean.csv")
clean.assign(x=clean.x / 2).to_csv("script/scaled.csv", index=False)
scaled = pd.read_csv("script/scaled.csv")
scaled.groupby("group", as_index=False).mean().to_csv("script/summary.csv", index=False)
""",
}


def figures(folder: Path) -> Iterator[Figure]:
    """Compare a run that runs all, and one with nothing to do."""
    project = folder / "csv_project"
    for name, text in FILES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (project / "script").mkdir()
    (project / "data").mkdir()
    rows = "".join(f"{number},{number % 7},{number * 3}\n" for number in range(1000))
    (project / "data/raw.csv").write_text("x,group,y\n" + rows, encoding="utf-8")
    environment = bytecode_environment(folder / "bytecode")

    def took(*command: str) -> float:
        return cpu_seconds(command, environment, project)

    value, ours, floor = ratio(lambda: took(MLO, "run", "--force"), lambda: took(sys.executable, "script.py"))
    note = f"{ours * 1000:.0f} ms against {floor * 1000:.0f} ms of processor time"
    yield Figure("mlo run of 3 CSV nodes / a pandas script", value, "x", 1.25, note)

    took(MLO, "run")
    nodes = "import sys; sys.path.insert(0, 'src'); import csv_project.nodes.steps"
    value, ours, floor = ratio(
        lambda: took(MLO, "run"),
        lambda: took(sys.executable, "-c", nodes) + 2 * took(MLO, "--version"),
    )
    note = f"{ours * 1000:.0f} ms against {floor * 1000:.0f} ms of processor time"
    yield Figure("nothing to do / (import of the nodes + 2 x mlo --version)", value, "x", 1.0, note)
