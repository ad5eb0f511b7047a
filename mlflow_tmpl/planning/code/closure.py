"""Hashes of all that can be reached, in time linear in vertices and edges, circles included.

What reaches each other is one component (Tarjan 1972). The hash of a component is made of what counts of its own
vertices and of the hashes of the components that it leads to, so that functions share what they share (a Merkle graph).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from mlflow_tmpl.hashing import digest_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

V = TypeVar("V", bound="Hashable")

REACHED = "reach "
"""Begins the name of a part that is another component: what it is made of stands in a row of its own."""


def components(start: V, edges: Callable[[V], Sequence[V]], known: Callable[[V], bool]) -> Iterator[list[V]]:
    """Yield what reaches each other, each component after those that it leads to; without recursion.

    Args:
        start: where to begin.
        edges: gives what a vertex leads to.
        known: tells of a vertex whether its component was given before.
    """
    numbers: dict[V, int] = {}
    lows: dict[V, int] = {}
    stack: list[V] = []
    on_stack: set[V] = set()
    path: list[tuple[V, Iterator[V]]] = []

    def enter(vertex: V) -> None:
        numbers[vertex] = lows[vertex] = len(numbers)
        stack.append(vertex)
        on_stack.add(vertex)
        path.append((vertex, iter(edges(vertex))))

    if not known(start):
        enter(start)
    while path:
        vertex, following = path[-1]
        for after in following:
            if after in on_stack:
                lows[vertex] = min(lows[vertex], numbers[after])
            elif after not in numbers and not known(after):
                enter(after)
                break
        else:
            path.pop()
            if path:
                lows[path[-1][0]] = min(lows[path[-1][0]], lows[vertex])
            if lows[vertex] == numbers[vertex]:
                position = _last_index(stack, vertex)
                component = stack[position:]
                del stack[position:]
                on_stack.difference_update(component)
                yield component


def _last_index(stack: Sequence[V], vertex: V) -> int:
    position = len(stack) - 1
    while stack[position] != vertex:
        position -= 1
    return position


class Hashes(Generic[V]):
    """Hashes of components, and what each is made of.

    Args:
        edges: gives what a vertex leads to.
        parts: gives what counts of a vertex itself, by name.
        doubts: gives what of a vertex cannot be followed.

    Attributes:
        rows: hash to what it is made of: own parts, and ``reach HASH`` for each component that it leads to.
    """

    def __init__(
        self,
        edges: Callable[[V], Sequence[V]],
        parts: Callable[[V], Mapping[str, str]],
        doubts: Callable[[V], Sequence[str]],
    ) -> None:
        self._edges = edges
        self._parts = parts
        self._doubts = doubts
        self._ids: dict[V, str] = {}
        self._unclear: dict[str, frozenset[str]] = {}
        self.rows: dict[str, Mapping[str, str]] = {}

    def of(self, start: V) -> str:
        """Return the hash of all that a vertex reaches; empty if nothing of it counts."""
        for component in components(start, self._edges, self._ids.__contains__):
            self._close(component)
        return self._ids[start]

    def doubts(self, name: str) -> frozenset[str]:
        """Return what cannot be followed of all that a hash stands for."""
        return self._unclear.get(name, frozenset())

    def _close(self, component: Sequence[V]) -> None:
        ids, inside = self._ids, set(component)
        below: set[str] = set()
        row: dict[str, str] = {}
        doubts: set[str] = set()
        for vertex in component:
            below.update([ids[each] for each in self._edges(vertex) if each not in inside])
            row.update(self._parts(vertex))
            doubts.update(self._doubts(vertex))
        below.discard("")
        name = self.add(row, below, doubts)
        self._ids.update(dict.fromkeys(component, name))

    def add(self, parts: Mapping[str, str], below: set[str], doubts: set[str]) -> str:
        """Return the hash of some parts together with what other hashes stand for."""
        unclear = [self._unclear[each] for each in below if each in self._unclear] if self._unclear else ()
        if not parts and not doubts and len(below) < 2:
            return next(iter(below), "")
        row = dict(sorted(parts.items())) if len(parts) > 1 else dict(parts)
        row.update([(REACHED + each, "") for each in sorted(below)])
        name = digest_parts([text for pair in row.items() for text in pair])
        self.rows[name] = row
        if doubts or unclear:
            self._unclear[name] = self.doubts(name).union(doubts, *unclear)
        return name


def is_hash_of(name: str, row: Mapping[str, str]) -> bool:
    """Tell whether a row, whose parts may stand in any order, is what a hash stands for."""
    own = sorted(part for part in row if not part.startswith(REACHED))
    below = sorted(part for part in row if part.startswith(REACHED))
    return name == digest_parts([text for part in (*own, *below) for text in (part, row[part])])


def flattened(
    name: str, row_of: Callable[[str], Mapping[str, str]], without: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return all parts that a hash stands for.

    Args:
        name: the hash.
        row_of: gives what a hash is made of; nothing if that is not known.
        without: hashes that are not entered.
    """
    parts: dict[str, str] = {}
    seen = {name, *without}
    waiting = [name]
    while waiting:
        for part, value in row_of(waiting.pop()).items():
            if not part.startswith(REACHED):
                parts[part] = value
            elif (inner := part[len(REACHED) :]) not in seen:
                seen.add(inner)
                waiting.append(inner)
    return parts
