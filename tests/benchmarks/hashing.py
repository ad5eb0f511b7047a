"""Hashing files beside what the hash library does with the same bytes in memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blake3 import blake3

from mlflow_tmpl import hashing
from mlflow_tmpl.catalog.trees import tree_fingerprint
from mlflow_tmpl.ledger.stats import FileHashes
from tests.benchmarks.measure import Figure

GIGABYTES = float(os.environ.get("MLO_BENCHMARK_GB", "2"))
MANY, EACH_BYTES = 200, 2 << 20
HELD = 128
"""Megabytes in memory that raw hashing goes through: more than the caches of the processor hold."""

RUNS = 3


def figures(folder: Path) -> Iterator[Figure]:
    """Measure one large file on one core, and many files on all of them."""
    piece = os.urandom(1 << 20)
    large = folder / "large"
    with large.open("wb") as file:
        for _ in range(int(GIGABYTES * 1024)):
            file.write(piece)
    speed = _speed(large)
    yield Figure(
        f"raw speed / hashing a file of {GIGABYTES:g} GB, one core", 1 / speed, "x", 1.25, f"{speed:.0%}"
    )
    large.unlink()
    many = folder / "many"
    many.mkdir()
    for number in range(MANY):
        (many / str(number)).write_bytes(number.to_bytes(4, "big") + piece * (EACH_BYTES >> 20))
    held = memoryview(piece * HELD)
    cores = min(os.cpu_count() or 1, MANY)
    alone, raw, together = _turns(
        lambda: [hashing.digest_file(path) for path in many.iterdir()],
        lambda: _on_all_cores(held, cores),
        lambda: tree_fingerprint(many, FileHashes(None)),
    )
    name = f"{MANY} files of 2 MB / raw hashing of as much, {cores} cores"
    yield Figure(name, together / raw, "x", 1.25, f"{alone / together:.2f} times as fast as one by one")


def _on_all_cores(held: memoryview, cores: int) -> None:
    """Hash as many bytes in memory as the files have, by as many threads as there are cores."""
    places = [number * EACH_BYTES % len(held) for number in range(MANY)]
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(lambda at: blake3(held[at : at + EACH_BYTES]).digest(), places))


def _turns(*works: Callable[[], object]) -> list[float]:
    """Return the shortest time of each of some pieces of work; they take turns, as they share the machine."""
    best = [float("inf")] * len(works)
    for _ in range(RUNS + 2):
        for at, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[at] = min(best[at], time.perf_counter() - start)
    return best


def _speed(path: Path) -> float:
    """Return the speed of hashing a file as a part of hashing the same bytes in memory, both on one core."""
    held = memoryview(path.read_bytes()[: 256 << 20])
    rounds = max(1, path.stat().st_size // len(held))
    raw = _best(lambda: [blake3(held).digest() for _ in range(rounds)], time.process_time)
    return raw / _best(lambda: hashing.digest_file(path), time.process_time)


def _best(work: Callable[[], object], clock: Callable[[], float]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        start = clock()
        work()
        best = min(best, clock() - start)
    return best
