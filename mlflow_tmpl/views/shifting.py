"""Fewer crossings than sweeps find: an iterated local search (Lourenço, Martin, Stützle 2003).

A few vertices or long edges are put elsewhere at a venture, and what is near is sifted; where no more edges cross than
before, it stays so. Long edges are moved as a whole (global sifting: Bachmaier, Brandenburg, Brunner, Hübner 2011).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.views.ordering import TURN, gap_crossings, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.views.layers import Layers
    from mlflow_tmpl.views.ordering import Search

TRIES = 4
"""How often something is moved at most, for each vertex."""
AT_ONCE = 3
FINE = 1000
"""Parts that a layer is divided into where a place in it is drawn."""
FACTOR, MODULUS = 48271, 2147483647
"""Of the generator of Park and Miller 1988: whole numbers that the page computes alike."""


def order(layers: Layers, effort: int) -> None:
    """Put the vertices of each layer in an order in which few edges cross.

    Args:
        layers: what is ordered.
        effort: places that sifting may look at, which bounds the time for a large graph.
    """
    _Shifting(sweep(layers, effort)).run()


class _Shifting:
    """The order, the crossings between each two layers, and what the present try has changed."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.rows = search.layers.rows
        self.drawn = 1
        self.row_of = {vertex: at for at, row in enumerate(self.rows) for vertex in row}
        real = search.layers.real
        self.movable = [chain for chain in search.layers.chains.values() if chain] + [
            [vertex] for vertex in range(real)
        ]
        self.gaps = [gap_crossings(search, row) for row in self.rows]
        self.changed: dict[int, list[int]] = {}

    def run(self) -> None:
        tries = TRIES * len(self.row_of)
        while tries and self.search.effort and any(self.gaps):
            tries -= 1
            self.changed = {}
            for _ in range(1 + self._draw(AT_ONCE)):
                self._move(self.movable[self._draw(len(self.movable))], self._draw(FINE))
            self._sift()
            self._judge()

    def _draw(self, below: int) -> int:
        self.drawn = self.drawn * FACTOR % MODULUS
        return self.drawn % below

    def _move(self, vertices: Sequence[int], part: int) -> None:
        for vertex in vertices:
            at = self.row_of[vertex]
            row = self._touch(at)
            row.remove(vertex)
            row.insert(part * (len(row) + 1) // FINE, vertex)
            self.search.number(row)

    def _touch(self, at: int) -> list[int]:
        row = self.rows[at]
        if at not in self.changed:
            self.changed[at] = list(row)
        return row

    def _sift(self) -> None:
        """Sift the layers around what was moved, then that itself, then what is next to what moved."""
        search, last = self.search, len(self.rows) - 1
        beside = [near for at in self.changed for near in (at - 1, at + 1) if 0 <= near <= last]
        waiting = dict.fromkeys([*beside, *self.changed])
        while waiting and search.effort:
            at = next(iter(waiting))
            del waiting[at]
            before = list(self.rows[at])
            if search.sift_row(self.rows[at]):
                self.changed.setdefault(at, before)
                waiting.update(dict.fromkeys([near for near in (at - 1, at + 1) if 0 <= near <= last]))

    def _judge(self) -> None:
        """Keep what the try has changed, or take it back."""
        search = self.search
        gaps = sorted({gap for at in self.changed for gap in (at - 1, at) if gap >= 0})
        now = [gap_crossings(search, self.rows[gap]) for gap in gaps]
        search.effort = max(search.effort - TURN * sum([len(self.rows[gap]) for gap in gaps]), 0)
        if sum(now) <= sum([self.gaps[gap] for gap in gaps]):
            for gap, count in zip(gaps, now, strict=True):
                self.gaps[gap] = count
            return
        for at, row in self.changed.items():
            self.rows[at][:] = row
            search.number(row)
