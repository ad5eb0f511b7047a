"""What workers have told of a task, as the driver takes it: the outcome, and what the node has said."""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.capture import NodeLog
from mlflow_tmpl.engine.failure import NodeFailure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_tmpl.engine.capture import Capture, Said
    from mlflow_tmpl.engine.task import Outcome, Task


def outcome_told(told: bytes, notes: Iterable[str], capture: Capture | None) -> Outcome:
    """Return the outcome of a task, and say here what its node has said there.

    Args:
        told: what a worker has told.
        notes: what else belongs at the beginning of the node's log.
        capture: of the run.

    Raises:
        NodeFailure: it failed.
    """
    ended: Outcome | NodeFailure = pickle.loads(told)
    ended.log = (*[(0.0, "err", f"{note}\n") for note in notes], *ended.log)
    _say_again(ended.log, capture)
    if isinstance(ended, NodeFailure):
        raise ended
    return ended


def _say_again(said: tuple[Said, ...], capture: Capture | None) -> None:
    """Write what a node has said to where it would have gone here; the run's capture is not to hear it once more."""
    if said and capture is not None:
        with capture.on_behalf_of(NodeLog()):
            _write(said)
    elif said:
        _write(said)


def _write(said: Iterable[Said]) -> None:
    for _, stream, text in said:
        target = sys.stdout if stream == "out" else sys.stderr
        target.write(text)
        target.flush()


def offer_values(task: Task, outcome: Outcome) -> None:
    """Fetch what a node has made to keep it, where that pays: it takes longer to make it again than to fetch it."""
    offering = task.offering
    if offering is None or not offering.appraiser.is_worth(
        offering.modes, outcome.duration_s + offering.above_s
    ):
        return
    values = {name: outcome.values[name].get() for name in offering.modes}
    outcome.bundle, outcome.unkept = offering.offer(values, outcome.duration_s)
