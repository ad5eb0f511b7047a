"""Reading all of a store, to find what does not hold what its name says."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import DamageError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow_tmpl.store.store import Store


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of reading all objects.

    Attributes:
        count: how many there are.
        size: of all of them, in bytes.
        damaged: those that did not hold what their names say, with where they went.
    """

    count: int
    size: int
    damaged: tuple[tuple[str, Path], ...]

    def __add__(self, other: Checked) -> Checked:
        """Return what came of both."""
        return Checked(self.count + other.count, self.size + other.size, self.damaged + other.damaged)

    def to_json(self, datasets: Mapping[str, str]) -> dict[str, Any]:
        """Return the same as plain data.

        Args:
            datasets: whose content a damaged object was, by digest.
        """
        damaged = [
            {"digest": digest, "dataset": datasets.get(digest), "set_aside": str(aside)}
            for digest, aside in self.damaged
        ]
        return {"objects": self.count, "bytes": self.size, "damaged": damaged}


def verify(store: Store) -> Checked:
    """Read every object, and set aside what is damaged; the hashes are computed on all cores."""
    objects = list(store.objects())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda known: _aside(store, known[0]), objects))
    damaged = tuple((known[0], aside) for known, aside in zip(objects, results, strict=True) if aside)
    return Checked(len(objects), sum(size for _, size, _ in objects), damaged)


def _aside(store: Store, digest: str) -> Path | None:
    """Return where a damaged object went, ``None`` if it is whole or gone meanwhile."""
    try:
        store.verified(digest)
    except DamageError:
        return store.aside(digest)
    except StoreError:
        return None
    return None
