"""What keeping outputs costs a first run, and what sharing and clearing cost for each that is kept."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import MLO, Figure, bytecode_environment

PAIRS = 5
OBJECTS = 5_000


def figures(folder: Path) -> Iterator[Figure]:
    """Run the penguins project for the first time with a store and without, in pairs."""
    environment = bytecode_environment(folder / "cache")
    ratios = []
    for turn in range(PAIRS + 1):
        took = {kept: _first_run(folder / f"{kept}{turn}", kept, environment) for kept in (True, False)}
        if turn:  # the first pair compiles bytecode
            ratios.append(100 * (took[True] / took[False] - 1))
    yield Figure("store: keeping outputs, penguins, first run", statistics.median(ratios), "% more", 5)
    yield from _clearing(folder)


def _first_run(folder: Path, kept: bool, environment: dict[str, str]) -> float:
    """Return the processor time of a first run."""
    folder.mkdir()
    subprocess.run(
        [MLO, "new", "penguins", "--starter", "penguins", "--no-input"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    project = folder / "penguins"
    if not kept:
        with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write("\n[tool.mlo.store]\nmax_bytes = 0\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([MLO, "run"], cwd=project, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _clearing(folder: Path) -> Iterator[Figure]:
    """Measure what finding the surplus takes for each object, at two sizes: it has to be a straight line."""
    from mlflow_tmpl.store import Store
    from mlflow_tmpl.store.collecting import Wanted, surplus

    store, per_object = Store(folder / "store"), []
    for start, stop in ((0, OBJECTS // 2), (OBJECTS // 2, OBJECTS)):
        names = [store.put_bytes(str(number).encode()) for number in range(start, stop)]
        used = dict.fromkeys(names, 1.0)
        clock = time.process_time()
        found = surplus(store.objects(), used, set(), Wanted(2.0, None, time.time()))
        per_object.append((time.process_time() - clock) / stop)
        assert len(found) == len(names)
    yield Figure("store: finding what can go, an object", 1e6 * per_object[-1], "us")
    yield Figure("store: the same, twice as many / half", per_object[-1] / per_object[0], "x", 1.5)
