"""The order of nodes that keeps rails short: depth first, side branches as soon as they can be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def rail_order(needs: Sequence[Sequence[int]], feeds: Sequence[Sequence[int]]) -> list[int]:
    """Return nodes so that each comes after all that it needs, close to it. Linear in nodes and edges.

    What a node needs is drawn just before it, the longest branch first, so that the rails of short ones are
    open for few lines only (Sethi and Ullman 1970, for registers). A branch that never comes back follows its
    root at once, the smallest first, so that the last one can go on in the root's own column.

    Args:
        needs: for each node those that must come before it; an order in which they can run.
        feeds: the same edges the other way round.

    Example:
        >>> rail_order([[], [0], [0], [1, 2]], [[1, 2], [3], [3], []])
        [0, 1, 2, 3]
    """
    walk = _Walk(needs, feeds)
    hanging = _hanging(needs, walk.side)
    for node, takers in enumerate(feeds):
        if not takers and not hanging[node]:  # all others lead to one of these, or hang off what does
            walk.reach(node)
    return walk.ordered


class _Walk:
    """What was drawn so far, and what each node still waits for."""

    def __init__(self, needs: Sequence[Sequence[int]], feeds: Sequence[Sequence[int]]) -> None:
        self.needs = needs
        self.feeds = feeds
        self.depth = _depths(needs)
        self.side = _side_branches(needs, feeds)
        self.missing = [len(direct) for direct in needs]
        self.placed = [False] * len(needs)
        self.ordered: list[int] = []

    def reach(self, target: int) -> None:
        """Draw a node, and before it all that it needs and that is not drawn yet."""
        pending = [target]
        while pending:
            node = pending[-1]
            if self.placed[node] or not self.missing[node]:
                pending.pop()
                self._place(node)
            else:
                unmet = [need for need in self.needs[node] if not self.placed[need]]
                pending += sorted(unmet, key=lambda need: (self.depth[need], -need))

    def _place(self, start: int) -> None:
        """Draw a node, and the side branches that nothing holds back any more."""
        pending = [] if self.placed[start] else [start]
        while pending:
            node = pending.pop()
            self.placed[node] = True
            self.ordered.append(node)
            for taker in self.feeds[node]:
                self.missing[taker] -= 1
            ready = [taker for taker in self.feeds[node] if not self.missing[taker] and self.side[taker]]
            pending += sorted(ready, key=lambda taker: (-self.side[taker], -taker))


def _hanging(needs: Sequence[Sequence[int]], side: Sequence[int]) -> list[bool]:
    """Tell of each node whether it lies on a side branch of something larger, which it follows at once."""
    hanging: list[bool] = []
    for node, direct in enumerate(needs):
        hanging.append(bool(side[node]) and len(direct) == 1 and (hanging[direct[0]] or not side[direct[0]]))
    return hanging


def _depths(needs: Sequence[Sequence[int]]) -> list[int]:
    """Return the number of nodes on the longest way to each one."""
    depth: list[int] = []
    for direct in needs:
        depth.append(1 + max([depth[need] for need in direct], default=0))
    return depth


def _side_branches(needs: Sequence[Sequence[int]], feeds: Sequence[Sequence[int]]) -> list[int]:
    """Return the size of what follows from each node if nothing else joins it, else 0."""
    size = [0] * len(needs)
    for node in reversed(range(len(needs))):
        takers = feeds[node]
        if all(len(needs[taker]) == 1 and size[taker] for taker in takers):
            size[node] = 1 + sum([size[taker] for taker in takers])
    return size
