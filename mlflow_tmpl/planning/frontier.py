"""Which nodes can be decided and which can run: the one state machine behind plans and runs.

Three waves cross the graph. *Deciding* goes forward: a node is decided once the fingerprints of all its inputs are
known, and the fingerprint of a value in memory is known as soon as its producer is decided. *Demand* goes
backward: a node that runs demands the values in memory that it takes, so that what only passes values on is run
when someone needs it and not before, and not at all if the values were kept. *Running* goes forward again, from
node to node as values become there.

Each wave crosses each edge once, so a whole run is linear in nodes and edges.
"""

from __future__ import annotations

from enum import Enum
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class Verdict(Enum):
    """What is decided about a node.

    Attributes:
        RUN: it runs, and what depends on it is decided when it has.
        REUSE: its earlier result stands; nothing of it is run unless a value in memory is demanded.
        LAZY: it gives only values in memory, under fingerprints that are known; it runs on demand.
        OMIT: it is left out of the run, and what needs it with it.
        HALT: it cannot be told; what depends on it waits for ever.
    """

    RUN = "run"
    REUSE = "reuse"
    LAZY = "lazy"
    OMIT = "omit"
    HALT = "halt"


class Frontier:
    """Tells what can be run next.

    Args:
        needs: for each node the nodes that make its inputs.
        feeds: for each node the nodes that take its outputs.
        demands: for each node the nodes whose values in memory it takes.
        decide: gives the verdict on a node whose inputs are all decided.
        held: tells of a taker and a maker whether all that passes between them in memory was kept, so that the
            maker need not run.

    Attributes:
        ready: heap of nodes that can run now, in the order of the pipeline.
        demanded: for each node, whether it has to run.
        decided: for each node, whether there is a verdict.
        done: for each node, whether it has run.
    """

    def __init__(
        self,
        needs: Sequence[Sequence[int]],
        feeds: Sequence[Sequence[int]],
        demands: Sequence[Iterable[int]],
        decide: Callable[[int], Verdict],
        held: Callable[[int, int], bool] = lambda _taker, _maker: False,
    ) -> None:
        self._feeds = feeds
        self._demands = demands
        self._decide = decide
        self._held = held
        self._undecided = [len(need) for need in needs]
        self._missing = [0] * len(needs)
        self._waiting: dict[int, list[int]] = {}
        self._settled = [False] * len(needs)
        self.ready: list[int] = []
        self.demanded = [False] * len(needs)
        self.decided = [False] * len(needs)
        self.done = [False] * len(needs)

    def start(self) -> None:
        """Decide what can be decided before anything has run."""
        self._advance([node for node, count in enumerate(self._undecided) if not count])

    def pop(self) -> int:
        """Take the first node that can run."""
        return heappop(self.ready)

    def lack(self, node: int) -> None:
        """Say that a node that was taken could not be run: a value that was held is not, and its maker has to run."""
        self.demanded[node] = False
        self._demand(node)

    def undo(self, node: int) -> None:
        """Say that what a node has given in memory is gone; what was decided in consequence stands."""
        self.done[node] = self.demanded[node] = False

    def unfold(self, node: int, items: Sequence[int]) -> None:
        """Take in the items of a node that was taken; it is ready again when those have run that have to.

        Args:
            node: the node; what gives it values in memory is now its items.
            items: new nodes, numbered on from the last one, all of whose inputs are known.
        """
        for counts in (self._undecided, self._missing):
            counts.extend([0] * len(items))
        for flags in (self._settled, self.demanded, self.decided, self.done):
            flags.extend([False] * len(items))
        self._undecided[node] = len(items) + 1  # it is decided already, whatever comes of its items
        self._advance(list(reversed(items)))
        self.lack(node)

    def complete(self, node: int) -> None:
        """Say that a node has run: its values are there, its outputs saved."""
        self.done[node] = True
        for taker in self._waiting.pop(node, ()):
            self._missing[taker] -= 1
            if not self._missing[taker]:
                heappush(self.ready, taker)
        if not self._settled[node]:
            self._advance(self._settle(node))

    def _settle(self, node: int) -> list[int]:
        """Mark a node's fingerprints as known, and return the nodes that can be decided now."""
        self._settled[node] = True
        undecided = self._undecided
        freed = []
        for taker in self._feeds[node]:
            undecided[taker] -= 1
            if not undecided[taker]:
                freed.append(taker)
        return freed

    def _advance(self, nodes: list[int]) -> None:
        """Decide nodes, and all that can be decided in consequence."""
        while nodes:
            node = nodes.pop()
            self.decided[node] = True
            verdict = self._decide(node)
            if verdict is Verdict.RUN:
                self._demand(node)
            elif verdict is not Verdict.HALT:
                nodes.extend(self._settle(node))

    def _demand(self, first: int) -> None:
        stack = [first]
        while stack:
            node = stack.pop()
            if self.demanded[node]:
                continue
            self.demanded[node] = True
            missing = 0
            for maker in self._demands[node]:
                if not self.done[maker] and (self.demanded[maker] or not self._held(node, maker)):
                    missing += 1
                    self._waiting.setdefault(maker, []).append(node)
                    stack.append(maker)
            self._missing[node] = missing
            if not missing:
                heappush(self.ready, node)
