"""What keeping values of memory costs a first run, and what it saves the next one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Figure, bytecode_environment

NODES, ROWS = 10, 300_000
WORK_S = 1.0
RUNS = 3

STEP = """
import time
import numpy as np
import pandas as pd
from mlflow_tmpl import node

@node(outputs="v{number}"{keep})
def n{number}({taken}):
    until = time.perf_counter() + {work_s}
    frame = pd.DataFrame(np.random.default_rng({number}).random(({rows}, 8)), columns=list("abcdefgh"))
    time.sleep(max(0, until - time.perf_counter()))
    return frame{last}
"""

RUN = """
import json, time
from mlflow_tmpl import open_project
project = open_project()
start = time.perf_counter(), time.process_time()
result = project.run()
took = [time.perf_counter() - start[0], time.process_time() - start[1]]
print(json.dumps([*took, {node.name: node.duration_s for node in result.nodes if node.status == "done"}]))
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Run ten slow nodes with nothing declared between, then edit the last one.

    The nodes wait instead of computing, and the best of a few runs counts, so that the time of the clock holds
    on a machine that does other things.
    """
    environment = bytecode_environment(folder / "cache")
    first: dict[str, list[tuple[float, float]]] = {"auto": [], "never": []}
    edited: dict[str, list[float]] = {"auto": [], "never": []}
    for turn in range(RUNS):
        for keep, took in first.items():
            project = folder / f"{keep}{turn}"
            # What is never kept is what a careful user would do: the input of the last node is in the catalog.
            _write(project, keep, "v8: data/v8.parquet\n" if keep == "never" else "")
            took.append(_run(project, environment)[:2])
            _edit(project, keep)
            _, _, ran = _run(project, environment)
            assert list(ran) == [f"n{NODES - 1}"], ran
            edited[keep].append(sum(ran.values()))
    auto, never = ([min(figure) for figure in zip(*took, strict=True)] for took in first.values())
    size = f"{ROWS * 8 * 8 / 1e6:.0f} MB kept of each"
    yield Figure(f"first run of {NODES} x {WORK_S:g} s, {size} / none", auto[0] / never[0], "x", 1.05)
    yield Figure(
        "  processor time that goes into it, behind the run", (auto[1] - never[1]) / never[0], "of it"
    )
    ratio = min(edited["auto"]) / min(edited["never"])
    yield Figure("the last of them edited / the same with its input in a file", ratio, "x", 1.1)


def _write(project: Path, keep: str, catalog: str) -> None:
    nodes = project / "src" / "proj" / "nodes"
    nodes.mkdir(parents=True)
    (nodes / "__init__.py").touch()
    (nodes.parent / "__init__.py").touch()
    (project / "conf/base").mkdir(parents=True)
    (project / "conf/base/catalog.yml").write_text(f"{catalog}v{NODES - 1}: data/last.json\n")
    (project / "pyproject.toml").write_text('[tool.mlo]\npackage = "proj"\n')
    for number in range(NODES):
        (nodes / f"n{number}.py").write_text(_step(number, keep))


def _edit(project: Path, keep: str) -> None:
    number = NODES - 1
    (project / f"src/proj/nodes/n{number}.py").write_text(_step(number, keep, plus=1))


def _step(number: int, keep: str, plus: int = 0) -> str:
    last = f".sum().add({plus}).to_dict()" if number == NODES - 1 else ""
    taken = f"v{number - 1}" if number else ""
    said = f", keep={keep!r}" if keep != "auto" else ""
    return STEP.format(number=number, taken=taken, rows=ROWS, work_s=WORK_S, last=last, keep=said)


def _run(project: Path, environment: dict[str, str]) -> tuple[float, float, dict[str, float]]:
    """Run a project; return its seconds by the clock and of the processor, and those of each node that ran."""
    command = [sys.executable, "-c", RUN]
    ran = subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True, text=True)
    wall_s, processor_s, nodes = json.loads(ran.stdout)
    return wall_s, processor_s, nodes
