"""How long a run still takes, from how long its nodes took before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.engine.paths import path_lengths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.pipeline import Pipeline

_KNOWN_SHARE = 0.5
"""Share of the nodes that have to have run before; of fewer nothing is foretold."""

_SLOWEST, _FASTEST = 4.0, 0.25
"""Bounds of how much longer or shorter nodes are expected to take than before, as those did that have ended."""


class Pace:
    """Foretells the end: the work that is left by how many run at a time, and no sooner than the longest path.

    Args:
        pipeline: the nodes.
        due: names of those that are to run.
        past: name to seconds that a node took when it last ran.
    """

    def __init__(self, pipeline: Pipeline, due: Mapping[str, object], past: Mapping[str, float]) -> None:
        known = {name: past[name] for name in due if name in past}
        self.is_known = bool(known) and len(known) >= _KNOWN_SHARE * len(due)
        if not self.is_known:
            return
        usual = sum(known.values()) / len(known)
        self._known = known
        self._past = {name: known.get(name, usual) for name in due}
        lengths = path_lengths(pipeline, {**{node.name: 0.0 for node in pipeline.nodes}, **self._past})
        self._left_s = sum(self._past.values())
        self._paths = {node.name: length for node, length in zip(pipeline.nodes, lengths, strict=True)}
        self._longest = sorted(due, key=lambda name: self._paths.get(name, 0.0))
        self._took_s = self._took_before_s = 0.0

    def ended(self, name: str, took_s: float) -> None:
        """Take note of a node that has ended, having run so long."""
        if self.is_known and name in self._past:
            before = self._past.pop(name)
            self._left_s -= before
            if took_s:
                self._took_s += took_s
                self._took_before_s += before

    def usual_s(self, name: str) -> float | None:
        """Return how long a node took before, if that is known."""
        return self._known.get(name) if self.is_known else None

    def left_s(self, running: Mapping[str, float], at_a_time: int) -> float | None:
        """Return the seconds until the run ends; ``None`` if nothing speaks for any number.

        Args:
            running: name to seconds for which a node has been running.
            at_a_time: how many run at the same time.
        """
        if not self.is_known:
            return None
        pace = (
            min(max(self._took_s / self._took_before_s, _FASTEST), _SLOWEST) if self._took_before_s else 1.0
        )
        gone = {name: min(for_s / pace, self._past.get(name, 0.0)) for name, for_s in running.items()}
        work_s = self._left_s - sum(gone.values())
        while self._longest and (self._longest[-1] in running or self._longest[-1] not in self._past):
            self._longest.pop()
        ahead = [self._paths.get(name, 0.0) - gone[name] for name in running]
        if self._longest:
            ahead.append(self._paths.get(self._longest[-1], 0.0))
        left_s = max([work_s / max(at_a_time, 1), *ahead]) * pace
        return left_s if left_s > 0 else None
