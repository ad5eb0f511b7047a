"""Writers that are killed at a moment of chance, in forks of a process that has imported what they need."""

from __future__ import annotations

import multiprocessing
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path
    from random import Random

    from tests.unit.catalog.servers import Store

_HOW = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def numbers(number: int) -> list[int]:
    """Return a value that is of one save as a whole, or shows that it is not."""
    return [number] * 100_001


def parts(number: int) -> dict[str, list[int]]:
    """Return partitions whose names tell two saves apart, so that a mixture shows in the list of them."""
    return {f"{part}-{number % 2}": [number] * 20_000 for part in range(8)}


def _save_on(
    store: Store, entry: Any, root: Path, make: Callable[[int], Any], start: int, told: Connection
) -> None:
    catalog = Catalog.of({"x": entry}, root=root, credentials=store.credentials)
    for number in count(start):
        catalog.save("x", make(number))
        if number == start:
            told.send("saved once")


def kills(
    times: int,
    store: Store,
    entry: Any,
    root: Path,
    make: Callable[[int], Any],
    chance: Random,
    longest_s: float,
) -> Iterator[int]:
    """Kill a writer again and again; yield each time the number of the first value that it had saved."""
    context: Any = multiprocessing.get_context(_HOW)
    if _HOW == "forkserver":
        context.set_forkserver_preload(["__main__", __name__])
    for start in range(0, times * 10_000, 10_000):
        here, there = context.Pipe(duplex=False)
        writer = context.Process(target=_save_on, args=(store, entry, root, make, start, there))
        writer.start()
        there.close()
        assert here.poll(60), "the writer did not come to save"
        assert here.recv() == "saved once"
        time.sleep(chance.random() * longest_s)
        writer.kill()
        writer.join()
        here.close()
        yield start
