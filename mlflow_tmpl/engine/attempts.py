"""Nodes that fail and are called again, and nodes that take too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.failure import NodeFailure
    from mlflow_tmpl.pipeline import Node


class TimedOut(NodeError, TimeoutError):
    """A node that took longer than it may."""

    def __init__(self, node: Node) -> None:
        message = f"it took longer than the {node.options.timeout_s:g} s of its timeout_s"
        NodeError.__init__(self, message, where=node.where, hint="give it more time, or fewer data")


class Attempts:
    """Counts how often each node was called; those that were called once are not held.

    Args:
        chance: gives numbers from 0 to 1.
    """

    def __init__(self, chance: Callable[[], float] | None = None) -> None:
        self._chance = chance
        self._failed: dict[int, int] = {}

    def number(self, position: int) -> int:
        """Return which attempt at a node is the present one, counted from 1."""
        return self._failed.get(position, 0) + 1

    def wait_s(self, position: int, node: Node, failure: NodeFailure) -> float | None:
        """Return the seconds until a node that failed is to be called again, ``None`` if it is not."""
        retries, attempt = node.options.retries, self.number(position)
        worth = not retries.retry_on or not failure.names.isdisjoint(retries.retry_on)
        if attempt > retries.count or not worth:
            return None
        from random import random  # most runs need none of it

        return retries.wait_s(attempt, (self._chance or random)())

    def failed(self, position: int) -> None:
        """Count an attempt that failed and is not the last."""
        self._failed[position] = self.number(position)
