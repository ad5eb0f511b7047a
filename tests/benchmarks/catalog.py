"""A catalog of 5,000 entries and 50 patterns; and large tables through the catalog, against pandas on the path.

`MLO_BENCHMARK_BYTES=1000000000` makes the tables as large as they should be; they are small unless asked otherwise.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.config.values import Origin, Value, located
from tests.benchmarks.measure import Figure, per_item

ENTRIES, PATTERNS, USED = 5000, 50, 5
BYTES = int(os.environ.get("MLO_BENCHMARK_BYTES", 10_000_000))
RUNS = 3


def figures(folder: Path) -> Iterator[Figure]:
    """Measure both."""
    yield from _resolving()
    yield from _tables(folder)


def _entries(count: int) -> dict[str, Value]:
    origin = Origin("conf/base/catalog.yml", 1)
    made: dict[str, Any] = {
        f"dataset_{at}": {"type": "csv", "filepath": f"data/{at}.csv", "layer": "raw"} for at in range(count)
    }
    made.update(
        {f"part{at}_{{kind}}_{{day}}": f"data/{at}/{{kind}}/{{day}}.parquet" for at in range(PATTERNS - 1)}
    )
    made["{default}"] = {"type": "memory"}
    return {name: located(entry, origin) for name, entry in made.items()}


def _resolving() -> Iterator[Figure]:
    entries = {count: _entries(count) for count in (ENTRIES, 2 * ENTRIES)}

    def resolve(count: int) -> None:
        catalog = Catalog(entries[count])
        catalog.check()
        for at in range(count):
            catalog.describe(f"dataset_{at}")

    def fall() -> None:
        catalog = Catalog(entries[ENTRIES])
        for at in range(ENTRIES):
            catalog.describe(f"part{at % (PATTERNS - 1)}_x_{at}")

    def use() -> None:
        catalog = Catalog(entries[ENTRIES])
        for at in range(USED):
            catalog.dataset(f"dataset_{at}")

    one = per_item(lambda: resolve(ENTRIES), ENTRIES)
    yield Figure("check and resolve 5,000 entries beside 50 patterns", one, "us/entry", 60)
    two = per_item(lambda: resolve(2 * ENTRIES), 2 * ENTRIES)
    yield Figure("the same, an entry of 10,000 / an entry of 5,000", two / one, "x", 1.2)
    yield Figure("resolve 5,000 names through 50 patterns", per_item(fall, ENTRIES), "us/name", 60)
    yield Figure("build the 5 datasets that a run uses, of 5,000", per_item(use, 1) / 1000, "ms")


def _tables(folder: Path) -> Iterator[Figure]:
    import numpy
    import pandas

    rows = BYTES // 80
    numbers = numpy.random.default_rng(0)
    frame = pandas.DataFrame({f"x{at}": numbers.random(rows) for at in range(4)})
    catalog = Catalog.of({"csv": "x.csv", "parquet": "x.parquet"}, root=folder)
    plain = {"csv": folder / "plain.csv", "parquet": folder / "plain.parquet"}
    saving = {
        "csv": lambda: frame.to_csv(plain["csv"], index=False),
        "parquet": lambda: frame.to_parquet(plain["parquet"]),
    }
    loading = {
        "csv": lambda: pandas.read_csv(plain["csv"]),
        "parquet": lambda: pandas.read_parquet(plain["parquet"]),
    }
    for name in ("parquet", "csv"):
        yield _against(f"save {name} / pandas", _saving(catalog, name, frame), saving[name])
        yield _against(
            f"save {name} / pandas and fsync",
            _saving(catalog, name, frame),
            _synced(saving[name], plain[name]),
            None,
        )
        yield _against(f"load {name} / pandas", lambda name=name: catalog.load(name), loading[name])


def _saving(catalog: Catalog, name: str, frame: Any) -> Callable[[], object]:
    return lambda: catalog.save(name, frame)


def _synced(save: Callable[[], object], path: Path) -> Callable[[], object]:
    def both() -> None:
        save()
        with open(path, "rb+") as file:
            os.fsync(file.fileno())

    return both


def _against(
    name: str, ours: Callable[[], object], floor: Callable[[], object], target: float | None = 1.03
) -> Figure:
    """Compare by processor time; what is waited for, such as the disk, is in the note."""
    ours(), floor()
    pairs = [(_took(ours), _took(floor)) for _ in range(RUNS)]
    value = statistics.median(one[0] / other[0] for one, other in pairs)
    waited = [statistics.median(each[side][1] for each in pairs) for side in (0, 1)]
    note = f"{waited[0]:.2f} s against {waited[1]:.2f} s on the clock, {BYTES / 1e6:.0f} MB"
    return Figure(name, value, "x", target, note)


def _took(work: Callable[[], object]) -> tuple[float, float]:
    processor, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - processor, time.perf_counter() - clock
