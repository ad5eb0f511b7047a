"""What watching a run costs: lines, and the live display, over the run itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Figure

NODES, PAIRS = 2000, 5
PACKAGE = "watched"
PIPELINES = f"""
from mlflow_tmpl import Node, Pipeline

def nothing():
    return 1

def register_pipelines():
    return {{"__default__": Pipeline([Node(nothing, None, f"v{{n}}", name=f"n{{n}}") for n in range({NODES})])}}
"""
WATCHED = """
import io, statistics, sys, time
from mlflow_tmpl import open_project
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.progress import Display, Lines

class Terminal(io.StringIO):
    def isatty(self):
        return True

def seconds(*listeners):
    project = open_project(sys.argv[1])
    began = time.process_time()
    project.run(engine="inline", reuse=False, listeners=listeners)
    return time.process_time() - began

own, sys.stderr = sys.stderr, Terminal()
ratios = []
for _ in range(int(sys.argv[2]) + 1):
    bare = seconds()
    ratios.append((seconds(Lines(io.StringIO().write, Paper())) / bare, seconds(Display(Paper(colour=True))) / bare))
sys.stderr = own
print(*[statistics.median(each) for each in zip(*ratios[1:])])
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Run many small nodes, unwatched and watched."""
    root = folder / "project"
    package = root / "src" / PACKAGE
    package.mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[tool.mlo]\npackage = "{PACKAGE}"\n')
    (package / "__init__.py").write_text("")
    (package / "pipelines.py").write_text(PIPELINES)
    command = [sys.executable, "-c", WATCHED, str(root), str(PAIRS)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines, display = map(float, out.split())
    yield Figure(f"{NODES} nodes of no work, with lines / unwatched", lines, "x", 2.0)
    yield Figure(f"{NODES} nodes of no work, with the live display / unwatched", display, "x", 2.0)
