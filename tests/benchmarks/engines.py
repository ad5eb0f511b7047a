"""What the loop and its record cost beside a bare pool of threads, and the order of ready nodes beside a bad one."""

from __future__ import annotations

import gc
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_tmpl import Catalog, Node, Pipeline, run
from mlflow_tmpl.engine import execute
from mlflow_tmpl.engine.paths import ranks
from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.planning import NO_PARAMETERS, CodeReader, make_plan
from tests.benchmarks.graphs import GRAPHS
from tests.benchmarks.measure import Figure

if TYPE_CHECKING:
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.planning import Plan

SIZES = (1_000, 10_000)
JOBS = 2


def figures(folder: Path) -> Iterator[Figure]:
    """Measure the straight line at each size, and what a run gains by starting the longest path first."""
    costs = []
    for size in SIZES:
        pipeline = Pipeline(GRAPHS["chain"](size))
        ratio, ours = _against_a_bare_pool(pipeline, folder / "recorded")
        costs.append(ours / size)
        note = f"{ours / size * 1e6:.0f} us/node"
        yield Figure(f"threads over a bare pool and the ledger, chain of {size:,}", ratio, "x", 1.5, note)
    yield Figure("a node of the longest line over one of the shortest", costs[-1] / costs[0], "x", 1.2)
    yield from _orders()


def _against_a_bare_pool(pipeline: Pipeline, root: Path) -> tuple[float, float]:
    """Return the median of the ratios, and of our own seconds."""
    told: list[Event] = []
    execute(_plan(pipeline, root)[1], [told.append], engine="threads", jobs=JOBS)
    pairs = []
    for _ in range(5):
        bare = _seconds(lambda: _bare(pipeline)) + _recording(pipeline, root, told)
        pairs.append((_running(pipeline, root), bare))
    return statistics.median(ours / bare for ours, bare in pairs), statistics.median(
        ours for ours, _ in pairs
    )


def _bare(pipeline: Pipeline) -> None:
    """Call the same functions in the same order, with what they need in hand."""
    value = 0
    with ThreadPoolExecutor(JOBS) as pool:
        for node in pipeline:
            value = pool.submit(node.func, *([value] if node.inputs else [])).result()


def _recording(pipeline: Pipeline, root: Path, told: list[Event]) -> float:
    """Return the processor time that the ledger takes for the events of such a run."""
    ledger, _ = _plan(pipeline, root)
    writer = ledger.begin()

    def record() -> None:
        for event in told:
            writer(event)
        writer.close()

    seconds = _seconds(record)
    ledger.close()
    return seconds


def _running(pipeline: Pipeline, root: Path) -> float:
    """Return the processor time of a run that is on record."""
    ledger, plan = _plan(pipeline, root)
    writer = ledger.begin()

    def perform() -> None:
        execute(plan, [writer], engine="threads", jobs=JOBS)
        writer.close()

    seconds = _seconds(perform)
    ledger.close()
    return seconds


def _plan(pipeline: Pipeline, root: Path) -> tuple[Ledger, Plan]:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    ledger = Ledger(root)
    code = CodeReader(root, ledger.hashes)
    return ledger, make_plan(
        pipeline, Catalog(root=root), [NO_PARAMETERS] * len(pipeline), ledger.past(), code
    )


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor time of all threads, with what was there before kept from the collector as in `mlo run`."""
    gc.collect()
    gc.freeze()
    began = time.process_time()
    work()
    seconds = time.process_time() - began
    gc.unfreeze()
    return seconds


def _orders() -> Iterator[Figure]:
    """Compare how long nodes that wait take, the longest path first, with the best that there can be."""
    lasts = {
        **{f"short{number}": 0.05 for number in range(10)},
        **{f"long{number}": 0.1 for number in range(5)},
    }

    def waits(name: str) -> Callable[..., int]:
        def call(*_: object) -> int:
            time.sleep(lasts[name])
            return 0

        return call

    shorts = [Node(waits(name), [], name, name=name) for name in lasts if name.startswith("short")]
    line = [
        Node(waits(f"long{n}"), [f"long{n - 1}"] * (n > 0), f"long{n}", name=f"long{n}") for n in range(5)
    ]
    pipeline = Pipeline([*shorts, *line])
    found = ranks(pipeline, lasts)
    assert found is not None
    ordered = Pipeline(
        [node for _, node in sorted(zip(found, pipeline.nodes, strict=True), key=lambda pair: pair[0])]
    )
    best = max(0.1 * 5, sum(lasts.values()) / JOBS)
    for told, each in (("as given", pipeline), ("longest path first", ordered)):
        began = time.perf_counter()
        run(each, engine="threads", jobs=JOBS)
        yield Figure(
            f"10 short nodes and a line of 5, {told}", (time.perf_counter() - began) / best, "x best"
        )
