"""Which layer each vertex lies in, so that edges are short: network simplex (Gansner, Koutsofios, North, Vo 1993)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MANY = 3000
"""From this number of vertices on the longest paths alone decide."""
PIVOTS = 4
"""Exchanges for each vertex at most; few graphs need as many as they have vertices."""


def rank(
    count: int, edges: Sequence[tuple[int, int]], first: Collection[int] = (), last: Collection[int] = ()
) -> list[int]:
    """Return the layer of each vertex of an acyclic graph; every edge leads to a later one.

    Args:
        count: how many vertices there are.
        edges: source and target.
        first: vertices that have the first layer to themselves; nothing leads to them.
        last: vertices that have the last layer to themselves; they lead nowhere.
    """
    layer = _longest_paths(count, edges)
    if count <= MANY:
        links: list[list[int]] = [[] for _ in range(count)]
        for number, (source, target) in enumerate(edges):
            links[source].append(number)
            links[target].append(number)
        for component in _components(count, edges, links):
            if len(component) > 2:
                _Tree(component, edges, links, layer).shorten()
            low = min([layer[vertex] for vertex in component])
            for vertex in component:
                layer[vertex] -= low
        _spread(count, edges, layer)
    return _pinned(layer, first, last)


def _longest_paths(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        after[source].append(target)
        waiting[target] += 1
    ready = [vertex for vertex in range(count) if not waiting[vertex]]
    layer = [0] * count
    for vertex in ready:  # grows while it is walked
        for target in after[vertex]:
            layer[target] = max(layer[target], layer[vertex] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return layer


def _components(
    count: int, edges: Sequence[tuple[int, int]], links: Sequence[Sequence[int]]
) -> list[list[int]]:
    seen = [False] * count
    found = []
    for root in range(count):
        if seen[root]:
            continue
        seen[root] = True
        component = [root]
        for vertex in component:  # grows while it is walked
            for number in links[vertex]:
                for other in edges[number]:
                    if not seen[other]:
                        seen[other] = True
                        component.append(other)
        found.append(component)
    return found


def _spread(count: int, edges: Sequence[tuple[int, int]], layer: list[int]) -> None:
    """Move what may lie in several layers at no cost into the one with the fewest vertices."""
    sources: list[list[int]] = [[] for _ in range(count)]
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    crowd = [0] * (max(layer, default=-1) + 1)
    for at in layer:
        crowd[at] += 1
    for vertex in range(count):
        if not sources[vertex] or len(sources[vertex]) != len(targets[vertex]):
            continue
        low = max([layer[source] for source in sources[vertex]]) + 1
        high = min([layer[target] for target in targets[vertex]]) - 1
        crowd[layer[vertex]] -= 1
        layer[vertex] = min(range(low, high + 1), key=crowd.__getitem__)
        crowd[layer[vertex]] += 1


def _pinned(layer: list[int], first: Collection[int], last: Collection[int]) -> list[int]:
    """Give the vertices that lie on a border a layer of their own there."""
    pinned = {*first, *last}
    inner = [at for vertex, at in enumerate(layer) if vertex not in pinned]
    low, high = min(inner, default=0), max(inner, default=-1)
    shift = (1 if first else 0) - low
    layer = [at + shift for at in layer]
    for vertex in first:
        layer[vertex] = 0
    for vertex in last:
        layer[vertex] = high + shift + 1
    return layer


class _Tree:
    """A spanning tree of edges of length one, exchanged edge by edge until no exchange shortens the sum of all."""

    def __init__(
        self,
        vertices: list[int],
        edges: Sequence[tuple[int, int]],
        links: Sequence[Sequence[int]],
        layer: list[int],
    ) -> None:
        self.vertices = vertices
        self.edges = edges
        self.links = links
        self.layer = layer
        self.inside = {vertices[0]}
        self.tree: set[int] = set()
        self._span()

    def shorten(self) -> None:
        """Exchange edges until the sum is least, or too many exchanges were made."""
        for _ in range(PIVOTS * len(self.vertices)):
            parent, low, high, order = self._walk()
            leaving, child = self._leaving(parent, order)
            if leaving < 0:
                return
            part = {vertex for vertex in order if low[child] <= high[vertex] <= high[child]}
            entering = self._entering(part, leads_out=self.edges[leaving][0] == child)
            if entering < 0:
                return
            self._exchange(leaving, entering, child, part)

    def _slack(self, number: int) -> int:
        source, target = self.edges[number]
        return self.layer[target] - self.layer[source] - 1

    def _other(self, number: int, vertex: int) -> int:
        source, target = self.edges[number]
        return target if source == vertex else source

    def _span(self) -> None:
        """Grow the tree over edges of length one, moving it towards the nearest vertex where it ends."""
        waiting = [self.vertices[0]]
        while True:
            while waiting:
                vertex = waiting.pop()
                for number in self.links[vertex]:
                    other = self._other(number, vertex)
                    if other not in self.inside and not self._slack(number):
                        self.inside.add(other)
                        self.tree.add(number)
                        waiting.append(other)
            if len(self.inside) == len(self.vertices):
                return
            waiting.append(self._reach())

    def _reach(self) -> int:
        """Move the tree so that the nearest vertex outside is one layer away, and return the one in the tree."""
        least, nearest = -1, -1
        for vertex in self.vertices:
            if vertex not in self.inside:
                continue
            for number in self.links[vertex]:
                if self._other(number, vertex) not in self.inside:
                    slack = self._slack(number)
                    if least < 0 or slack < least or (slack == least and number < nearest):
                        least, nearest = slack, number
        source, target = self.edges[nearest]
        shift = least if source in self.inside else -least
        for vertex in self.inside:
            self.layer[vertex] += shift
        return source if source in self.inside else target

    def _walk(self) -> tuple[dict[int, int], dict[int, int], dict[int, int], list[int]]:
        """Number the tree depth first: a subtree is what has its highest number between its root's two."""
        root = self.vertices[0]
        parent, low, high = {root: -1}, {root: 0}, {}
        order: list[int] = []
        stack = [(root, iter(self.links[root]))]
        while stack:
            vertex, numbers = stack[-1]
            for number in numbers:
                if number in self.tree and number != parent[vertex]:
                    other = self._other(number, vertex)
                    parent[other], low[other] = number, len(order)
                    stack.append((other, iter(self.links[other])))
                    break
            else:
                high[vertex] = len(order)
                order.append(vertex)
                stack.pop()
        return parent, low, high, order

    def _leaving(self, parent: dict[int, int], order: list[int]) -> tuple[int, int]:
        """Return the tree's edge whose exchange shortens most, and the end of it that is further from the root."""
        flow = dict.fromkeys(order, 0)
        for vertex in order:
            for number in self.links[vertex]:
                flow[vertex] += 1 if self.edges[number][0] == vertex else -1
        worst, found, child = 0, -1, -1
        for vertex in order:
            number = parent[vertex]
            if number < 0:
                continue
            cut = flow[vertex] if self.edges[number][0] == vertex else -flow[vertex]
            if cut < worst or (cut == worst and worst < 0 and number < found):
                worst, found, child = cut, number, vertex
            flow[self._other(number, vertex)] += flow[vertex]
        return found, child

    def _entering(self, part: set[int], *, leads_out: bool) -> int:
        """Return the shortest edge that connects a part with the rest the other way round."""
        least, found = -1, -1
        for vertex in self.vertices:
            if vertex not in part:
                continue
            for number in self.links[vertex]:
                source, target = self.edges[number]
                inward, other = (target == vertex, source) if leads_out else (source == vertex, target)
                if inward and other not in part:
                    slack = self._slack(number)
                    if least < 0 or slack < least or (slack == least and number < found):
                        least, found = slack, number
        return found

    def _exchange(self, leaving: int, entering: int, child: int, part: set[int]) -> None:
        slack = self._slack(entering)
        shift = -slack if self.edges[leaving][0] == child else slack
        for vertex in part:
            self.layer[vertex] += shift
        self.tree.remove(leaving)
        self.tree.add(entering)
