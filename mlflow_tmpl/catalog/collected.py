"""What stands for parts of a dataset that were saved one by one, when the whole is saved."""

from __future__ import annotations

from mlflow_tmpl.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Collected:
    """The parts that a dataset consists of now; each is where it belongs already.

    Attributes:
        parts: their names.
    """

    parts: tuple[str, ...]
