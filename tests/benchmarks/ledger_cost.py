"""What the ledger adds to a node that ran and to one that is reused: reading the past, and recording."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mlflow_tmpl import Catalog, Node, Pipeline
from mlflow_tmpl.engine import execute
from mlflow_tmpl.engine.events import Event
from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.planning import NO_PARAMETERS, Action, CodeReader, NoHistory, Plan, make_plan
from tests.benchmarks.graphs import chain
from tests.benchmarks.measure import Figure

SIZE = 10_000
RUNS = 3


class Constant:
    """A dataset that costs nothing: always there, always the same."""

    def load(self) -> int:
        """Return the value."""
        return 1

    def save(self, data: object) -> None:
        """Keep nothing."""

    def exists(self) -> bool:
        """Say that it is there."""
        return True

    def fingerprint(self) -> str:
        """Return the same each time."""
        return "constant"


def figures(folder: Path) -> Iterator[Figure]:
    """Run 10,000 nodes with the ledger and without it, then again when all of them are reused."""
    nodes = chain(SIZE)
    pipeline = Pipeline(nodes)
    objects = {f"d{at}": Constant() for at in range(SIZE)}
    bare = _best(lambda: _unrecorded(pipeline, objects, folder))
    ran = _best(lambda: _recorded(pipeline, objects, folder, new=True)) - bare
    yield Figure(f"the ledger adds to each of {SIZE:,} nodes that ran", ran / SIZE * 1e6, "us/node", 90)
    _recorded(pipeline, objects, folder, new=True)
    reading = _best(lambda: _read(nodes, folder))
    writing = _best(lambda: _recorded(pipeline, objects, folder)) - _best(
        lambda: _recorded(pipeline, objects, folder, record=False)
    )
    reused = (reading + writing) / SIZE * 1e6
    note = f"reading {reading / SIZE * 1e6:.0f}, recording {writing / SIZE * 1e6:.0f}"
    yield Figure(f"the ledger adds to each of {SIZE:,} nodes reused", reused, "us/node", 40, note)


def _best(work: Callable[[], float]) -> float:
    return min(work() for _ in range(RUNS))


def _unrecorded(pipeline: Pipeline, objects: dict[str, Constant], folder: Path) -> float:
    catalog = Catalog(root=folder, objects=objects)
    code = CodeReader(folder, Ledger(folder).hashes)
    plan = make_plan(pipeline, catalog, [NO_PARAMETERS] * len(pipeline), NoHistory(), code)
    return _timed(lambda: execute(plan, (_deaf,), engine="inline"))


def _deaf(_: Event) -> None:
    """Listen, so that the run makes its events, and do nothing."""


def _recorded(
    pipeline: Pipeline, objects: dict[str, Constant], folder: Path, *, new: bool = False, record: bool = True
) -> float:
    if new:
        shutil.rmtree(folder / ".mlo", ignore_errors=True)
    ledger = Ledger(folder)
    catalog = Catalog(root=folder, objects=objects)
    code = CodeReader(folder, ledger.hashes)
    plan = make_plan(pipeline, catalog, [NO_PARAMETERS] * len(pipeline), ledger.past(), code)
    assert plan.count(Action.RUN if new else Action.REUSE) == len(pipeline)
    took = _timed(lambda: _execute(plan, ledger, record=record))
    ledger.close()
    return took


def _execute(plan: Plan, ledger: Ledger, *, record: bool) -> None:
    if not record:
        execute(plan, (_deaf,), engine="inline")
        return
    writer = ledger.begin()
    execute(plan, (writer,), engine="inline")
    writer.close()


def _read(nodes: list[Node], folder: Path) -> float:
    """Look up the past of every node, as a plan does."""
    ledger = Ledger(folder)
    keys = {node: ledger.past().latest(node.name) for node in nodes}
    past = ledger.past()

    def look_up() -> None:
        for node, result in keys.items():
            assert result is not None
            assert next(iter(past.under(node.name, result.key))) is not None

    took = _timed(look_up)
    ledger.close()
    return took


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
