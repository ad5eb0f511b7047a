"""Hashing files beside what the hash library does with the same bytes in memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from blake3 import blake3

from mlflow_tmpl import hashing
from mlflow_tmpl.catalog.trees import tree_fingerprint
from mlflow_tmpl.ledger.stats import FileHashes
from tests.benchmarks.measure import Figure

GIGABYTES = float(os.environ.get("MLO_BENCHMARK_GB", "2"))
MANY, EACH_BYTES = 200, 2 << 20
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
    alone = _best(lambda: [hashing.digest_file(path) for path in many.iterdir()], time.perf_counter)
    together = _best(lambda: tree_fingerprint(many, FileHashes(None)), time.perf_counter)
    cores = min(os.cpu_count() or 1, MANY)
    name = f"a folder of {MANY} files of 2 MB / one after the other, times {cores} cores"
    yield Figure(name, together / alone * cores, "x", 1.5, f"{alone / together:.2f} times as fast")


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
