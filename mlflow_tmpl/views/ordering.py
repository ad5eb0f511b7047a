"""The order within each layer, for few crossings: medians and means by turns, mended by sifting.

The first orders come breadth first from either end, as in dot (Gansner, Koutsofios, North, Vo 1993); sifting is from
Matuszewski, Schönfeld, Molitor 1999.
"""

from __future__ import annotations

from bisect import bisect, insort
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlflow_tmpl.views.layers import Layers, Link

LARGE = 3000
"""From this number of vertices on, bends included, fewer sweeps are made, and crossings are not counted."""
SWEEPS, SWEEPS_IF_LARGE = 24, 6
PATIENCE = 8
"""Sweeps in a row that may bring nothing."""

TURN = 5
"""What a sweep costs for each vertex, in places looked at."""


def sweep(layers: Layers, effort: int) -> Search:
    """Put the vertices of each layer in an order in which few edges cross, and return the search that found it.

    Args:
        layers: what is ordered.
        effort: places that sifting may look at over all tries; the search has what is left of it.
    """
    if len(layers.up) > LARGE:
        search = Search(layers, "down")
        search.sweep(_means, SWEEPS_IF_LARGE)
        return search
    best: list[list[int]] = []
    fewest = -1
    for way, start in product((_by_turns, _medians, _means), ("down", "up")):
        search = Search(layers, start, effort)
        rows, count = search.best(way)
        effort = search.effort
        if fewest < 0 or count < fewest:
            best, fewest = rows, count
        if not fewest or not effort:
            break
    search.take(best)
    return search


class Search:
    """One try to find a good order.

    Args:
        layers: what is ordered.
        start: whether the first order comes from the first layer ``down`` or from the last one ``up``.
        effort: places that sifting may still look at.
    """

    def __init__(self, layers: Layers, start: str, effort: int = 0) -> None:
        self.layers = layers
        self.effort = effort
        self.place = [0] * len(layers.up)
        self._breadth_first(start == "down")

    def best(self, way: Callable[[Search, int, list[int], bool], None]) -> tuple[list[list[int]], int]:
        """Return the best order that was met, and its crossings."""
        best, fewest, idle = self._rows(), self.crossings(), 0
        for turn in range(SWEEPS):
            if not fewest or idle == PATIENCE or not self.effort:
                break
            self._turn(way, turn)
            self.effort = max(self.effort - TURN * len(self.place), 0)
            self._sift()
            count = self.crossings()
            idle = idle + 1 if count >= fewest else 0
            if count < fewest:
                best, fewest = self._rows(), count
        return best, fewest

    def sweep(self, way: Callable[[Search, int, list[int], bool], None], turns: int) -> None:
        """Sweep without looking whether it gets better."""
        for turn in range(turns):
            self._turn(way, turn)

    def crossings(self) -> int:
        """Count the pairs of edges that cross."""
        return sum([gap_crossings(self, row) for row in self.layers.rows])

    def near(self, links: Sequence[Link]) -> list[float]:
        """Return the places where edges end."""
        place = self.place
        return [place[other] + part for other, part, _ in links]

    def number(self, row: Sequence[int]) -> None:
        """Take note of the order of a layer."""
        for at, vertex in enumerate(row):
            self.place[vertex] = at

    def take(self, rows: Sequence[Sequence[int]]) -> None:
        """Make an order the present one."""
        self.layers.rows[:] = [list(row) for row in rows]
        for row in self.layers.rows:
            self.number(row)

    def _rows(self) -> list[list[int]]:
        return [list(row) for row in self.layers.rows]

    def _turn(self, way: Callable[[Search, int, list[int], bool], None], turn: int) -> None:
        downwards = turn % 2 == 0
        for row in self.layers.rows if downwards else reversed(self.layers.rows):
            way(self, turn, row, downwards)

    def _breadth_first(self, downwards: bool) -> None:
        layers = self.layers
        at = {vertex: number for number, row in enumerate(layers.rows) for vertex in row}
        before, after = (layers.up, layers.down) if downwards else (layers.down, layers.up)
        ends = [vertex for row in (layers.rows if downwards else layers.rows[::-1]) for vertex in sorted(row)]
        rows: list[list[int]] = [[] for _ in layers.rows]
        for vertex in _reached([vertex for vertex in ends if not before[vertex]], after):
            rows[at[vertex]].append(vertex)
        layers.rows[:] = rows
        for row in rows:
            self.number(row)

    def _sift(self) -> None:
        """Move each vertex to where it crosses least in its layer, layer by layer until nothing moves."""
        rows = self.layers.rows
        waiting = dict.fromkeys(range(len(rows)))
        while waiting and self.effort:
            at = next(iter(waiting))
            del waiting[at]
            if self.sift_row(rows[at]):
                waiting.update(dict.fromkeys([near for near in (at - 1, at + 1) if 0 <= near < len(rows)]))

    def sift_row(self, row: list[int]) -> bool:
        """Sift the vertices of one layer, and tell whether any moved."""
        if len(row) < 2:
            return False
        up, down = self.layers.up, self.layers.down
        ends = [(sorted(self.near(up[vertex])), sorted(self.near(down[vertex]))) for vertex in row]
        self.effort = max(self.effort - len(row) * len(row), 0)
        gains = [[0] * len(row) for _ in row]
        for left in range(len(row)):
            for right in range(left + 1, len(row)):
                gains[left][right] = gain = _gain(ends[left], ends[right])
                gains[right][left] = -gain
        order = list(range(len(row)))
        moved = False
        for vertex in range(len(row)):
            at = order.index(vertex)
            to = _least(gains[vertex], order, at)
            if to != at:
                order.insert(to, order.pop(at))
                moved = True
        if moved:
            row[:] = [row[at] for at in order]
            self.number(row)
        return moved


def gap_crossings(search: Search, row: Sequence[int]) -> int:
    """Count the pairs of edges below a layer that cross.

    As Barth, Jünger, Mutzel 2002, with a sorted list for the tree.
    """
    count = 0
    ends: list[float] = []
    for vertex in row:
        targets = sorted(search.near(search.layers.down[vertex]))
        count += sum([len(ends) - bisect(ends, target) for target in targets])
        for target in targets:
            insort(ends, target)
    return count


def _least(gains: Sequence[int], order: Sequence[int], at: int) -> int:
    """Return the place in a layer where a vertex crosses least, given what changing sides with each other one adds."""
    best, to = 0, at
    change = 0
    for place in range(at + 1, len(order)):
        change += gains[order[place]]
        if change < best:
            best, to = change, place
    change = 0
    for place in range(at - 1, -1, -1):
        change -= gains[order[place]]
        if change < best:
            best, to = change, place
    return to


Ends = tuple["list[float]", "list[float]"]


def _gain(left: Ends, right: Ends) -> int:
    """Return how many crossings there are more if two vertices change sides."""
    return (
        _crossed(right[0], left[0])
        - _crossed(left[0], right[0])
        + _crossed(right[1], left[1])
        - _crossed(left[1], right[1])
    )


def _crossed(left: Sequence[float], right: Sequence[float]) -> int:
    """Count the pairs in which an end of the left one lies to the right of an end of the right one."""
    count = passed = 0
    for end in left:
        while passed < len(right) and right[passed] < end:
            passed += 1
        count += passed
    return count


def _reached(starts: Sequence[int], after: Sequence[Sequence[Link]]) -> Iterator[int]:
    seen: set[int] = set()
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        queue = [start]
        for vertex in queue:  # grows while it is walked
            yield vertex
            for other, _, _ in after[vertex]:
                if other not in seen:
                    seen.add(other)
                    queue.append(other)


def _by_turns(search: Search, turn: int, row: list[int], downwards: bool) -> None:
    (_means if turn % 4 > 1 else _medians)(search, turn, row, downwards)


def _means(search: Search, turn: int, row: list[int], downwards: bool) -> None:
    links = search.layers.up if downwards else search.layers.down
    if turn % 4 > 1:
        row.reverse()  # so that equals change places now and then
        search.number(row)
    wanted = {vertex: _mean(search.near(links[vertex]), search.place[vertex]) for vertex in row}
    row.sort(key=wanted.__getitem__)
    search.number(row)


def _mean(places: Sequence[float], otherwise: float) -> float:
    total = 0.0
    for place in places:
        total += place  # not sum(), which rounds otherwise from Python 3.12 on
    return total / len(places) if places else otherwise


def _medians(search: Search, turn: int, row: list[int], downwards: bool) -> None:
    """Sort by medians; what has no neighbours keeps its place."""
    links = search.layers.up if downwards else search.layers.down
    wanted = {vertex: _median(sorted(search.near(links[vertex]))) for vertex in row if links[vertex]}
    moving = [vertex for vertex in row if vertex in wanted]
    if turn % 4 > 1:
        moving.reverse()
    moving.sort(key=wanted.__getitem__)
    following = iter(moving)
    row[:] = [next(following) if vertex in wanted else vertex for vertex in row]
    search.number(row)


def _median(places: Sequence[float]) -> float:
    """Return the middle place; of two middles, nearer to the side where the others stand closer."""
    middle = len(places) // 2
    if len(places) % 2:
        return places[middle]
    left, right = places[middle - 1] - places[0], places[-1] - places[middle]
    if not left + right:
        return (places[middle - 1] + places[middle]) / 2
    return (places[middle - 1] * right + places[middle] * left) / (left + right)
