"""What an executor is told of the run that it is opened for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.capture import Capture


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A run, as far as its executors need it.

    Attributes:
        run: id of the run; empty of one that nobody records.
        catalog: the datasets.
        datasets: names of those that the run takes or makes.
        source: folder that the project's modules are imported from, if there is a project.
        capture: what nodes print goes there too; ``None`` if nobody keeps it.
        jobs: how many tasks at a time; ``None`` leaves it to the engine.
        address: of the cluster that an engine uses; ``None`` for one of its own.
        memory_bytes: how much of what passes between nodes may lie in memory; ``None`` leaves it to the engine.
    """

    run: str
    catalog: Catalog
    datasets: tuple[str, ...]
    source: Path | None = None
    capture: Capture | None = None
    jobs: int | None = None
    address: str | None = None
    memory_bytes: int | None = None
