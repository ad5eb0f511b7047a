"""The dask and ray engines against their own libraries, on the same local cluster: speed-up, cost of a node, kills."""

from __future__ import annotations

import os
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow_tmpl import Node, Pipeline, run
from tests.benchmarks.measure import Figure

NODE_S = 0.5
FEW, MANY = 100, 600
RUNS = 5
JOBS = 2
AT_A_TIME = 2 * JOBS
KILLS = int(os.environ.get("MLO_BENCH_KILLS", "100"))


def figures(folder: Path) -> Iterator[Figure]:
    """Measure both, each on a cluster of two workers that is warm."""
    with _dask() as client:
        address = client.scheduler.address
        yield from _compared(
            "dask", address, lambda work, *given: client.submit(work, *given, pure=False), folder
        )
    with _ray() as remote:
        yield from _compared("ray", None, remote, folder)


def _compared(engine: str, address: str | None, submit: Callable[..., Any], folder: Path) -> Iterator[Figure]:
    def ours(pipeline: Pipeline, **given: Any) -> Any:
        return run(pipeline, given, engine=engine, address=address)

    heavy = Pipeline([Node(burn_half, outputs=f"y{i}", name=f"n{i}") for i in range(8)])
    ours(heavy)
    pairs = [(_wall(lambda: ours(heavy)), _wall(lambda: _all(submit, 8, burn_half))) for _ in range(RUNS)]
    note = f"{pairs[-1][0]:.2f} s over {pairs[-1][1]:.2f} s"
    yield Figure(f"8 nodes of 0.5 s, {engine} over its own speed", _median(pairs), "x", 1.1, note)
    small = {
        n: Pipeline([Node(_add_one, {"number": "x"}, f"y{i}", name=f"n{i}") for i in range(n)])
        for n in (FEW, MANY)
    }
    pairs = [
        (_slope(lambda n: ours(small[n], x=1)), _slope(lambda n: _all(submit, n, _add_one, 1)))
        for _ in range(RUNS)
    ]
    note = f"{pairs[-1][0]:.0f} us over {pairs[-1][1]:.0f}"
    yield Figure(f"a node under {engine} over a bare task", _median(pairs), "x", 1.3, note)
    line = Pipeline([Node(_add_one, {"number": f"y{i}"}, f"y{i + 1}", name=f"n{i}") for i in range(MANY)])
    each = _wall(lambda: ours(line, y0=0)) / MANY * 1e3
    yield Figure(f"a node of a straight line under {engine}", each, "ms")
    right, worst = 0, 0.0
    for number in range(KILLS):
        start = time.perf_counter()
        right += ours(doomed(folder / f"{engine}{number}"))["t"] == 3 * 99_999 * 50_000
        worst = max(worst, time.perf_counter() - start)
    yield Figure(
        f"{engine}: runs that ended wrong, of {KILLS}, a worker killed",
        KILLS - right,
        "runs",
        0,
        f"slowest {worst:.1f} s",
    )


def burn_half() -> float:
    """Compute for half a second of processor time."""
    until, number = time.process_time() + NODE_S, 0.0
    while time.process_time() < until:
        number += sum(range(1_000))
    return number


def _add_one(number: int) -> int:
    return number + 1


def doomed(mark: Path) -> Pipeline:
    """Return a pipeline that kills a worker once."""

    def make() -> list[int]:
        return list(range(100_000))

    def triple(rows: list[int]) -> list[int]:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), 9)
        return [3 * row for row in rows]

    return Pipeline([Node(make, outputs="a"), Node(triple, "a", "b"), Node(sum_of, "b", "t")])


def sum_of(rows: list[int]) -> int:
    return sum(rows)


def _all(submit: Callable[..., Any], count: int, work: Callable[..., Any], *given: Any) -> None:
    """Submit and take results as a loop does that looks after a few tasks at a time."""
    under_way: deque[Any] = deque()
    for _ in range(count):
        if len(under_way) >= max(AT_A_TIME, 8):
            under_way.popleft().result()
        under_way.append(submit(work, *given))
    for each in under_way:
        each.result()


def _median(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(ours / bare for ours, bare in pairs)


def _slope(work: Callable[[int], object]) -> float:
    """Return the microseconds of one more piece."""
    few, many = _wall(lambda: work(FEW)), _wall(lambda: work(MANY))
    return (many - few) / (MANY - FEW) * 1e6


def _wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def _dask() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    local = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 100}
    with (
        LocalCluster(n_workers=JOBS, threads_per_worker=1, **local) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _ray() -> Iterator[Callable[..., Any]]:
    from mlflow_tmpl.engine.clusters.ray_cluster import OwnRay

    cluster = OwnRay(JOBS)
    try:
        import ray

        remote = {work: ray.remote(work) for work in (burn_half, _add_one)}
        yield lambda work, *given: remote[work].remote(*given).future()
    finally:
        cluster.close()
