"""What an executor is told of the run that it is opened for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_tmpl.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A run, as far as its executors need it.

    Attributes:
        run: id of the run; empty of one that nobody records.
        catalog: the datasets.
        datasets: names of those that the run takes or makes.
        memory_bytes: how much of what passes between nodes may lie in memory; ``None`` leaves it to the engine.
    """

    run: str
    catalog: Catalog
    datasets: tuple[str, ...]
    memory_bytes: int | None = None
