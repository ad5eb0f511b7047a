"""What a node costs beyond its function: assembling, running in memory, running with the ledger on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from mlflow_tmpl import Catalog, Node, Pipeline, run
from mlflow_tmpl.engine import execute
from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.planning import NO_PARAMETERS, CodeReader, make_plan
from tests.benchmarks.graphs import GRAPHS
from tests.benchmarks.measure import Figure, per_item

SIZES = (100, 1_000, 10_000, 100_000)
HAMILTON = "hamilton, which records nothing: 13-21"


def figures(folder: Path) -> Iterator[Figure]:
    """Measure each graph at each size; a straight line has the same cost a node throughout."""
    for name, make in GRAPHS.items():
        for size in SIZES:
            yield from _figures(f"{name} of {size:,}", make, size, folder)


def _figures(graph: str, make: Callable[[int], list[Node]], size: int, folder: Path) -> Iterator[Figure]:
    runs = 5 if size < 10_000 else 2
    pipeline = Pipeline(make(size))
    assembling = per_item(lambda: Pipeline(make(size)), size, runs=runs)
    yield Figure(f"assembling, {graph}", assembling, "us/node", 15)
    in_memory = per_item(lambda: run(pipeline), size, runs=runs)
    yield Figure(f"run(pipeline, data), {graph}", in_memory, "us/node", 25, HAMILTON)
    on_record = per_item(lambda: recorded(pipeline, folder / "recorded"), size, runs=runs)
    yield Figure(f"plan, run and record, {graph}", on_record, "us/node", 120)


def recorded(pipeline: Pipeline, root: Path) -> None:
    """Plan and run a pipeline inline in a new project, with the ledger on."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    ledger = Ledger(root)
    code = CodeReader(root, ledger.hashes)
    plan = make_plan(pipeline, Catalog(root=root), [NO_PARAMETERS] * len(pipeline), ledger.past(), code)
    writer = ledger.begin()
    execute(plan, (writer,), engine="inline")
    writer.close()
    ledger.close()
