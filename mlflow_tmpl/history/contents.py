"""What runs took and made: the versions of datasets that each of them saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger

_IO = """
    SELECT DISTINCT direction, dataset, fingerprint FROM node_run JOIN result_io ON result_io.result = node_run.result
    WHERE run = ? ORDER BY dataset"""


@dataclass(frozen=True, slots=True)
class Contents:
    """The versions of datasets that a run saw.

    Attributes:
        inputs: what it took and did not make itself: dataset to fingerprint.
        outputs: what it saved, or found saved by an earlier run whose result it reused.
    """

    inputs: dict[str, str]
    outputs: dict[str, str]


def contents_of(ledger: Ledger, run: str) -> Contents:
    """Return the versions of datasets that a run saw; values in memory are none."""
    rows = ledger.rows(_IO, (run,))
    outputs = {dataset: fingerprint for direction, dataset, fingerprint in rows if direction == "out"}
    inputs = {
        dataset: fingerprint
        for direction, dataset, fingerprint in rows
        if direction == "in" and dataset not in outputs and fingerprint and not fingerprint.startswith("key:")
    }
    return Contents(inputs, outputs)
