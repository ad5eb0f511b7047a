"""The order of nodes: as they were given, but each after what it needs. Linear in nodes and edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class CycleError(Exception):
    """Items that need each other; `path` starts and ends with the same one."""

    def __init__(self, path: list[int]) -> None:
        super().__init__(path)
        self.path = path


def order(needs: Sequence[Sequence[int]]) -> list[int]:
    """Return the indices of `needs` so that each comes after all that it needs (depth-first search, Tarjan 1976).

    The given order is kept wherever the needs allow it, and an item that must come earlier comes just before
    the first one that needs it, so that what it gives can be released soon.

    Args:
        needs: for each item the indices of the items that must come before it.

    Raises:
        CycleError: there is no such order.

    Example:
        >>> order([[1], [], [0]])
        [1, 0, 2]
    """
    ordered: list[int] = []
    done = [False] * len(needs)
    for start, direct in enumerate(needs):
        if done[start]:
            continue
        if all(done[need] for need in direct):
            done[start] = True
            ordered.append(start)
        else:
            _visit(start, needs, done, ordered)
    return ordered


def _visit(start: int, needs: Sequence[Sequence[int]], done: list[bool], ordered: list[int]) -> None:
    path = [start]
    on_path = {start}
    pending = [iter(needs[start])]
    while path:
        for need in pending[-1]:
            if done[need]:
                continue
            if need in on_path:
                raise CycleError([*path[path.index(need) :], need])
            path.append(need)
            on_path.add(need)
            pending.append(iter(needs[need]))
            break
        else:
            finished = path.pop()
            on_path.discard(finished)
            pending.pop()
            done[finished] = True
            ordered.append(finished)


def reach(starts: Sequence[int], neighbours: Callable[[int], Sequence[int]]) -> set[int]:
    """Return everything that can be reached from some items, the items themselves included."""
    seen = set(starts)
    frontier = list(starts)
    while frontier:
        for neighbour in neighbours(frontier.pop()):
            if neighbour not in seen:
                seen.add(neighbour)
                frontier.append(neighbour)
    return seen
