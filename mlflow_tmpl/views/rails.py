"""The graph on a terminal: rails in the manner of `git log --graph`, one line a node.

A node sits on a rail; the rail goes on below it as long as someone still takes what it gives. A line from the
side starts a branch (``├─●``), ends one (``●─╯``), or brings one more input (``├▸●``). A rail that a line passes
without meeting it is drawn unbroken (``├─│─●``). What several nodes give to one and the same taker, and to no other,
goes there on one rail (``├─●▸┤``), so that a wide fan stays narrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.rail_order import rail_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.views.graph import GraphView


@dataclass(frozen=True, slots=True)
class RailRow:
    """One line of the drawing.

    Attributes:
        node: the node's position in the view.
        before, after: what stands left and right of the node's mark.
        below: the rails as they go on under this line, for a heading to be put between.
    """

    node: int
    before: str
    after: str
    below: str


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that rails are made of."""

    rail: str
    line: str
    first: str
    """Where a line leaves a rail to the right that goes on; `last` is its mirror image."""
    last: str
    both: str
    """Where a line crosses a rail and meets it, and the rail goes on; `ends_both` where it does not."""
    ends_both: str
    ends_last: str
    ends_first: str
    opens_last: str
    """Where a line from a node opens a rail to the right."""
    joins_right: str
    joins_left: str
    folded: str


UNICODE = Glyphs("│", "─", "├", "┤", "┼", "┴", "╯", "╰", "╮", "▸", "◂", "┆")
ASCII = Glyphs("|", "-", "+", "+", "+", "'", "'", "'", ".", ">", "<", ":")
FAN = 3
"""Nodes that give something to one taker alone, from which on they share a rail."""


def rail_rows(view: GraphView, *, limit: int, glyphs: Glyphs = UNICODE) -> list[RailRow]:
    """Return the rails of a pipeline, line by line.

    Args:
        view: what to draw.
        limit: how many rails may lie side by side; those beyond are folded into the last one, which counts them.
        glyphs: what to draw with.
    """
    needs, feeds = node_edges(view)
    yard = _Yard(limit, glyphs, needs, feeds)
    return [yard.row(node, needs[node]) for node in rail_order(needs, feeds)]


def node_edges(view: GraphView) -> tuple[list[list[int]], list[list[int]]]:
    """Return, for each node by position, those that it needs and those that it feeds."""
    makers = {wire.id: position for position, node in enumerate(view.nodes) for wire in node.outputs}
    needs = [
        list(dict.fromkeys([makers[wire.id] for wire in node.inputs if wire.id in makers]))
        for node in view.nodes
    ]
    feeds: list[list[int]] = [[] for _ in view.nodes]
    for position, direct in enumerate(needs):
        for need in direct:
            feeds[need].append(position)
    return needs, feeds


def _only_takers(needs: Sequence[Sequence[int]], feeds: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return the taker of each node that shares it, and has no other, with enough nodes of the same kind."""
    found: dict[int, int] = {}
    for taker, direct in enumerate(needs):
        alone = [need for need in direct if len(feeds[need]) == 1]
        if len(alone) >= FAN:
            found.update(dict.fromkeys(alone, taker))
    return found


class _Yard:
    """The rails that are open while the drawing goes down, each named by the node that it starts from."""

    def __init__(
        self, limit: int, glyphs: Glyphs, needs: Sequence[Sequence[int]], feeds: Sequence[Sequence[int]]
    ) -> None:
        self.fold = max(limit - 1, 1)
        self.glyphs = glyphs
        self.left = [len(takers) for takers in feeds]
        self.rails: list[int | None] = [None]
        self.columns: dict[int, int] = {}
        self.folded = 0
        self.above = -1, -1
        """The node in the line above, and its column if its rail begins there: no other must seem to follow."""
        self.only_taker = _only_takers(needs, feeds)
        self.shared: dict[int, int] = {}
        """The columns of shared rails, by the node that they lead to."""

    def row(self, node: int, needs: Sequence[int]) -> RailRow:
        for need in needs:
            self.left[need] -= 1
        column = self._choose(node, needs)
        joined = self._joined(column, needs)
        follows = any(self.columns[need] == column and not self.left[need] for need in needs)
        ended = [need for need in needs if not self.left[need]]
        outlet = self._outlet(node, column, joined)
        joins = follows and len({self.columns[need] for need in ended}) == 1
        drawn = self._cells(column, joined, joins, outlet)
        self._move(node, column, ended, outlet)
        mark = 2 * column
        return RailRow(node, drawn[:mark], self._counted(drawn[mark + 1 :]), self._below())

    def _choose(self, node: int, needs: Sequence[int]) -> int:
        """Return the column of a node: that of a rail which ends in it, else the next free one to the right."""
        columns = {self.columns[need] for need in needs}
        ending = {self.columns[need] for need in needs if not self.left[need]}
        if ending == {self.shared.get(node)}:
            return self._beside(node, needs)
        right = max(columns, default=-1)
        if node in self.only_taker and self.shared.get(self.only_taker[node], self.fold) > right:
            return right if right in ending and right < self.fold else self._free(right + 1, needs)
        if ending and min(ending) < self.fold:
            return min(ending)
        return self._free(min(columns, default=-1) + 1, needs)

    def _free(self, start: int, needs: Sequence[int]) -> int:
        for column in range(start, min(len(self.rails), self.fold)):
            if self.rails[column] is None and (needs or column != self.above[1]):
                return column
        return min(max(len(self.rails), start), self.fold)

    def _beside(self, node: int, needs: Sequence[int]) -> int:
        """Return a free column to the left of the shared rail that ends in a node, so that it goes on there."""
        shared = self.shared[node]
        for column in range(shared):
            if self.rails[column] is None and (column != self.above[1] or self.above[0] in needs):
                return column
        return shared

    def _outlet(self, node: int, column: int, joined: Mapping[int, bool]) -> int:
        """Return the column of the shared rail that takes what a node gives; -1 if it gets a rail of its own."""
        taker = self.only_taker.get(node, -1)
        if taker < 0 or column >= self.fold or max(joined, default=-1) > column:
            return -1
        if taker not in self.shared:
            free = [at for at in range(column + 1, len(self.rails)) if self.rails[at] is None]
            at = free[0] if free else max(len(self.rails), column + 1)
            return at if at < self.fold else -1
        return self.shared[taker] if self.shared[taker] > column else -1

    def _joined(self, column: int, needs: Sequence[int]) -> dict[int, bool]:
        """Return the columns that the line of a node meets, and whether their rails go on below."""
        joined: dict[int, bool] = {}
        for need in needs:
            at = self.columns[need]
            joined[at] = joined.get(at, False) or bool(self.left[need])
        if self.fold in joined:
            gone = sum([self.columns[need] == self.fold and not self.left[need] for need in needs])
            joined[self.fold] = self.folded > gone
        joined.pop(column, None)
        return joined

    def _cells(self, column: int, joined: Mapping[int, bool], joins: bool, outlet: int) -> str:
        glyphs = self.glyphs
        low, high = min([column, *joined]), max([column, *joined, outlet])
        cells = []
        for at in range(max(len(self.rails), column + 1, high + 1)):
            cells.append(self._cell(at, low, high, joined))
            cells.append(glyphs.line if low <= at < high else " ")
        if joins and low < column and not any(not on for at, on in joined.items() if at < column):
            cells[2 * column - 1] = glyphs.joins_right
        if joins and outlet < 0 and high > column and all(on for at, on in joined.items() if at > column):
            cells[2 * column + 1] = glyphs.joins_left
        if outlet >= 0:
            cells[2 * column + 1] = glyphs.joins_right
            cells[2 * outlet] = glyphs.last if self._open(outlet) else glyphs.opens_last
        return "".join(cells)

    def _cell(self, at: int, low: int, high: int, joined: Mapping[int, bool]) -> str:
        glyphs = self.glyphs
        if at in joined:
            on = joined[at]
            if at == low:
                return glyphs.first if on else glyphs.ends_first
            if at == high:
                return glyphs.last if on else glyphs.ends_last
            return glyphs.both if on else glyphs.ends_both
        if self._open(at):
            return glyphs.folded if at == self.fold else glyphs.rail
        return glyphs.line if low < at < high else " "

    def _open(self, at: int) -> bool:
        return self.folded > 0 if at == self.fold else at < len(self.rails) and self.rails[at] is not None

    def _move(self, node: int, column: int, ended: Sequence[int], outlet: int) -> None:
        """Close the rails that end in a node, and open its own, or let it lead into one that it shares."""
        for need in ended:
            at = self.columns.pop(need)
            if at == self.fold:
                self.folded -= 1
            else:
                self.rails[at] = None
        self.shared.pop(node, None)
        if outlet >= 0:
            self.shared[self.only_taker[node]] = outlet
        at = outlet if outlet >= 0 else column
        while len(self.rails) <= max(at, column):
            self.rails.append(None)
        if self.left[node]:
            self.columns[node] = at
            if at == self.fold:
                self.folded += 1
            else:
                self.rails[at] = node
        while len(self.rails) > 1 and self.rails[-1] is None and not self._open(len(self.rails) - 1):
            self.rails.pop()
        self.above = node, column if outlet < 0 else -1

    def _counted(self, drawn: str) -> str:
        return f"{drawn.rstrip()} {self.folded}" if self.folded > 1 else drawn.rstrip()

    def _below(self) -> str:
        return "".join(self._below_cells()).rstrip()

    def _below_cells(self) -> Iterator[str]:
        for at in range(len(self.rails)):
            yield self._cell(at, at, at, {})
            yield " "
