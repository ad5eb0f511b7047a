"""The processes engine against bare pools and plain calls: speed-up, cost of a node, large frames, killed workers."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlflow_tmpl import Node, Pipeline, run
from mlflow_tmpl.pipeline import NodeOptions
from tests.benchmarks.measure import Figure

NODE_S = 0.5
MANY, FEW = 2_000, 200
ROWS = 500_000_000 // 8 // 10
KILLS = int(os.environ.get("MLO_BENCH_KILLS", "100"))


def figures(folder: Path) -> Iterator[Figure]:
    """Measure all of it in this process, against floors of the same minute."""
    yield from _speed_up()
    yield from _per_node()
    yield from _large_frames()
    yield from _kills(folder)


def burn(seconds: float) -> float:
    """Compute for so much processor time."""
    until, number = time.process_time() + seconds, 0.0
    while time.process_time() < until:
        number += sum(range(1_000))
    return number


def burn_half() -> float:
    return burn(NODE_S)


def _speed_up() -> Iterator[Figure]:
    from loky import ProcessPoolExecutor

    jobs = min(os.cpu_count() or 1, 2)
    pipeline = Pipeline([Node(burn_half, outputs=f"y{i}", name=f"n{i}") for i in range(8)])
    with ProcessPoolExecutor(jobs) as pool:
        list(pool.map(burn, [0.01] * jobs * 4))
        pairs = []
        for _ in range(5):
            bare = _wall(lambda: list(pool.map(burn, [NODE_S] * 8)))
            ours = _wall(lambda: run(pipeline, engine="processes", jobs=jobs))
            pairs.append((bare, ours))
    ratio = statistics.median(ours / bare for bare, ours in pairs)
    note = f"speed-up {8 * NODE_S / pairs[-1][1]:.2f}, bare {8 * NODE_S / pairs[-1][0]:.2f}"
    yield Figure("8 nodes of 0.5 s, time over a bare warm pool's", ratio, "x", 1 / 0.95, note)


def _per_node() -> Iterator[Figure]:
    from loky import ProcessPoolExecutor

    def bare(count: int) -> None:
        with ProcessPoolExecutor(2) as pool:
            for future in [pool.submit(_add_one, number) for number in range(count)]:
                future.result()

    pipelines = {
        count: Pipeline([Node(_add_one, {"number": "x"}, f"y{i}", name=f"n{i}") for i in range(count)])
        for count in (FEW, MANY)
    }

    def ours(count: int) -> None:
        run(pipelines[count], {"x": 1}, engine="processes", jobs=2)

    ratios, last = [], (0.0, 0.0)
    for _ in range(5):
        last = _slope(ours), _slope(bare)
        ratios.append(last[0] / last[1])
    note = f"processor time of all processes: {last[0]:.0f} us over {last[1]:.0f}"
    yield Figure("a node under processes over bare loky", statistics.median(ratios), "x", 1.3, note)


def _add_one(number: int) -> int:
    return number + 1


def _slope(work: Callable[[int], None]) -> float:
    """Return the microseconds of processor time of one more piece."""
    few, many = _cpu(lambda: work(FEW)), _cpu(lambda: work(MANY))
    return (many - few) / (MANY - FEW) * 1e6


def _cpu(work: Callable[[], object]) -> float:
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def _wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


CHAIN = """
import sys, time
from tests.benchmarks.processes import chain, fan_out, plain_chain
from mlflow_tmpl import run
start = time.perf_counter()
{what}
print(time.perf_counter() - start)
"""


def make_frame() -> Any:
    import numpy as np
    import pandas as pd

    return pd.DataFrame(np.random.default_rng(1).random((ROWS, 10)), columns=list("abcdefghij"))


def step(frame: Any) -> Any:
    return frame + 1.0


def total(frame: Any) -> float:
    return float(frame["a"].sum())


def chain() -> Pipeline:
    steps = [Node(step, f"f{i}", f"f{i + 1}", name=f"step{i}") for i in range(8)]
    return Pipeline([Node(make_frame, outputs="f0"), *steps, Node(total, "f8", "t")])


def plain_chain() -> float:
    frame = make_frame()
    for _ in range(8):
        frame = step(frame)
    return total(frame)


def fan_out() -> Pipeline:
    readers = [Node(total, "f0", f"t{i}", name=f"total{i}") for i in range(4)]
    return Pipeline([Node(make_frame, outputs="f0"), *readers])


def _large_frames() -> Iterator[Figure]:
    frame = ROWS * 80
    plain = [_measured("plain_chain()") for _ in range(3)]
    ours = [_measured("run(chain(), engine='processes', jobs=2)") for _ in range(3)]
    fans = [_measured("run(fan_out(), engine='processes', jobs=2)") for _ in range(3)]
    seconds = statistics.median(each[0] for each in ours) / statistics.median(each[0] for each in plain)
    yield Figure("500 MB frame through 10 nodes, time over plain calls", seconds, "x", 1.6)
    peak = statistics.median(each[1] for each in ours) / frame
    note = f"plain calls {statistics.median(each[1] for each in plain) / frame:.2f}"
    yield Figure("... peak memory of all processes, in frames", peak, "x", 2.4, note)
    peak = statistics.median(each[1] for each in fans) / frame
    yield Figure("500 MB frame, 4 readers: peak memory, in frames", peak, "x", 2.4, "1 made, 1 to be read")


def _measured(what: str) -> tuple[float, int]:
    """Return the seconds that a fresh process says it took, and the peak memory of it and all that it starts."""
    import psutil

    process = subprocess.Popen([sys.executable, "-c", CHAIN.format(what=what)], stdout=subprocess.PIPE)
    peak, top = 0, psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _memory(top))
        time.sleep(0.01)
    assert process.stdout is not None
    return float(process.stdout.read()), peak


def _memory(top: Any) -> int:
    """Return the proportional memory of a process and its children, with files in memory counted once."""

    shared = sum(path.stat().st_blocks * 512 for path in Path("/dev/shm").glob(f"mlo-run-*-{top.pid}-*/*"))
    own = 0
    for each in [top, *top.children(recursive=True)]:
        try:
            rollup = Path(f"/proc/{each.pid}/smaps_rollup").read_text()
        except OSError:
            continue
        sizes = {line.split(":")[0]: line.split() for line in rollup.splitlines()[1:]}
        shmem = int(sizes["Pss_Shmem"][1]) if "Pss_Shmem" in sizes else 0
        own += (int(sizes["Pss"][1]) - shmem) * 1024
    return own + shared


def _kills(folder: Path) -> Iterator[Figure]:
    """Kill a worker in each of many runs: each ends with the right result and leaves nothing."""
    right, before = 0, _left()
    worst = 0.0
    for number in range(KILLS):
        mark = folder / f"kill{number}"
        start = time.perf_counter()
        right += run(doomed(mark, number % 3), engine="processes", jobs=2)["t"] == 3 * 99_999 * 50_000
        worst = max(worst, time.perf_counter() - start)
    note = f"slowest {worst:.1f} s"
    yield Figure(f"runs that ended wrong, of {KILLS} with a killed worker", KILLS - right, "runs", 0, note)
    yield Figure("files in memory and processes that they left", len(_left() - before), "", 0)


def doomed(mark: Path, who: int) -> Pipeline:
    """Return a pipeline in which one worker is killed, in the first, second or last node."""

    def may_die(place: int) -> None:
        if place == who and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), 9)

    def make() -> list[int]:
        may_die(0)
        return list(range(100_000))

    def triple(rows: list[int]) -> list[int]:
        may_die(1)
        return [3 * row for row in rows]

    def add(rows: list[int]) -> int:
        may_die(2)
        return sum(rows)

    again = NodeOptions(retries={"count": 1, "delay_s": 0})
    return Pipeline(
        [
            Node(make, outputs="a", options=again),
            Node(triple, "a", "b", options=again),
            Node(add, "b", "t", options=again),
        ]
    )


def _left() -> set[str]:
    import psutil

    files = {each.name for each in Path("/dev/shm").glob(f"mlo-run-*-{os.getpid()}-*")}
    return files | {str(each.pid) for each in psutil.Process().children(recursive=True)}
