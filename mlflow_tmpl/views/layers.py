"""Layers of a drawing and the order within them (Sugiyama, Tagawa, Toda 1981). Linear in vertices and edges a sweep."""

from __future__ import annotations

from bisect import bisect, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SWEEPS = 12
LARGE = 3000
"""From this number of vertices on fewer sweeps are made, and crossings are not counted."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Vertices by layer, bends of long edges included.

    Attributes:
        rows: vertices of each layer, in order; numbers from `real` on are bends.
        real: how many vertices the graph has.
        up, down: neighbours of each vertex in the layer before and after.
        chains: for each vertex the bends that its edges share, one a layer, in order.
        layer: the layer of each vertex that is not a bend.
    """

    rows: list[list[int]]
    real: int
    up: list[list[int]]
    down: list[list[int]]
    chains: Mapping[int, list[int]]
    layer: list[int]


def make_layers(after: Sequence[Sequence[int]]) -> Layers:
    """Return the layers of an acyclic graph, ordered for few crossings.

    All long edges that leave one vertex share one chain of bends, so that a dataset with many takers is one
    line that branches off, and bends stay fewer than vertices times layers.

    Args:
        after: for each vertex those that its edges lead to.
    """
    layer = _longest_path(after)
    layers = _with_bends(after, layer)
    _reduce_crossings(layers)
    return layers


def _longest_path(after: Sequence[Sequence[int]]) -> list[int]:
    before: list[list[int]] = [[] for _ in after]
    for vertex, targets in enumerate(after):
        for target in targets:
            before[target].append(vertex)
    waiting = [len(sources) for sources in before]
    ready = [vertex for vertex, count in enumerate(waiting) if not count]
    layer = [0] * len(after)
    for vertex in ready:  # grows while it is walked
        for target in after[vertex]:
            layer[target] = max(layer[target], layer[vertex] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    free: list[bool] = [False] * len(after)
    for vertex in ready:
        free[vertex] = all(free[source] and len(after[source]) == 1 for source in before[vertex])
    for vertex in reversed(ready):  # a branch that only leads into another one stands right before it
        if free[vertex] and after[vertex]:
            layer[vertex] = min([layer[target] for target in after[vertex]]) - 1
    return layer


def _with_bends(after: Sequence[Sequence[int]], layer: Sequence[int]) -> Layers:
    real = len(after)
    rows: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    up: list[list[int]] = [[] for _ in range(real)]
    down: list[list[int]] = [[] for _ in range(real)]
    chains: dict[int, list[int]] = {}
    for vertex in _depth_first(after):
        rows[layer[vertex]].append(vertex)
        own = layer[vertex]
        furthest = max([layer[target] for target in after[vertex]], default=own)
        chain = list(range(len(up), len(up) + max(furthest - own - 1, 0)))
        up += [[] for _ in chain]
        down += [[] for _ in chain]
        for at, bend in enumerate(chain):
            rows[own + 1 + at].append(bend)
        if chain:
            chains[vertex] = chain
        path = [vertex, *chain]
        links = [*zip(path, chain, strict=False)]
        links += [(path[layer[target] - own - 1], target) for target in after[vertex]]
        for source, target in links:
            down[source].append(target)
            up[target].append(source)
    return Layers(rows, real, up, down, chains, list(layer))


def _depth_first(after: Sequence[Sequence[int]]) -> list[int]:
    """Return all vertices in an order that keeps what belongs together side by side from the start."""
    has_source = {target for targets in after for target in targets}
    pending = [vertex for vertex in reversed(range(len(after))) if vertex not in has_source]
    seen: dict[int, None] = {}
    while pending:
        vertex = pending.pop()
        if vertex not in seen:
            seen[vertex] = None
            pending += reversed([target for target in after[vertex] if target not in seen])
    return list(seen)


def _reduce_crossings(layers: Layers) -> None:
    """Sort each layer by the mean place of its neighbours, down and up by turns, and keep the best."""
    rows = layers.rows
    place = [0] * len(layers.up)
    for row in rows:
        _number(row, place)
    large = len(layers.up) > LARGE
    best, fewest = [list(row) for row in rows], _crossings(layers, place) if not large else 0
    for sweep in range(4 if large else SWEEPS):
        downwards = sweep % 2 == 0
        for row in rows if downwards else reversed(rows):
            _sort(row, layers.up if downwards else layers.down, place)
        if large:
            continue
        count = _crossings(layers, place)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    if not large:
        rows[:] = best


def _number(row: Sequence[int], place: list[int]) -> None:
    for at, vertex in enumerate(row):
        place[vertex] = at


def _sort(row: list[int], neighbours: Sequence[Sequence[int]], place: list[int]) -> None:
    def mean(vertex: int) -> float:
        near = neighbours[vertex]
        return sum([place[other] for other in near]) / len(near) if near else place[vertex]

    row.sort(key=mean)
    _number(row, place)


def _crossings(layers: Layers, place: Sequence[int]) -> int:
    """Count the pairs of edges that cross (Barth, Jünger, Mutzel 2002, with a sorted list for the tree)."""
    count = 0
    for row in layers.rows:
        ends: list[int] = []
        for vertex in row:
            targets = sorted([place[target] for target in layers.down[vertex]])
            count += sum([len(ends) - bisect(ends, target) for target in targets])
            for target in targets:
                insort(ends, target)
    return count
