"""The drawing for the terminal: rails, and beside each node its name, and how its last run went."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.cells import columns, fit, harmless, pad
from mlflow_tmpl.views.rails import ASCII, UNICODE, rail_rows
from mlflow_tmpl.views.statuses import WORST, duration, in_words, style_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlflow_tmpl.views.graph import GraphView, NodeView
    from mlflow_tmpl.views.rails import RailRow

    Segment = tuple[str, dict[str, Any]]
    """Some text and how `click.style` is to show it."""

DIM: dict[str, Any] = {"dim": True}
LEAST_NAME = 12
"""Columns that a name gets before timings and statuses get any."""
LEAST_REST = 6
ALIGNED = 12
"""Columns of rails up to which names begin in one column; beyond, a name stands where its rails end."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Where the parts of a line stand, in columns; a part of no width is left out.

    Attributes:
        rails: what rails take at least.
        edge: where names end at most.
        time, status, rest: of what follows.
    """

    rails: int
    edge: int
    time: int
    status: int
    rest: int


def draw(
    view: GraphView,
    *,
    width: int = 80,
    ascii_only: bool = False,
    colour: bool = False,
    mask: Callable[[str], str] = str,
) -> str:
    """Return the drawing of a pipeline, a line a node and one more where the namespace changes.

    Args:
        view: what to draw.
        width: columns that no line is wider than.
        ascii_only: for terminals that cannot show more.
        colour: whether to write colours.
        mask: takes out of each text what must not be seen.
    """
    limit = max(2, (width - 2) * 9 // 40)  # rails take at most nine of twenty columns
    rows = rail_rows(view, limit=limit, glyphs=ASCII if ascii_only else UNICODE)
    lines = _Sheet(view, rows, width, ascii_only, mask).lines()
    ellipsis = "..." if ascii_only else "…"
    return "".join([_painted(_cut(line, width, ellipsis), colour) + "\n" for line in lines])


def _headings(view: GraphView, rows: Sequence[RailRow]) -> dict[int, str]:
    """Return the namespaces that start at each row; none where they change so often that headings would be noise."""
    spaces = [view.nodes[row.node].namespace for row in rows]
    changes = {at: space for at, space in enumerate(spaces) if at == 0 or space != spaces[at - 1]}
    named = {at: space for at, space in changes.items() if space}
    return {} if len(named) > 1 + len(rows) // 6 else named


class _Sheet:
    """Writes the lines of one drawing as coloured pieces."""

    def __init__(
        self,
        view: GraphView,
        rows: Sequence[RailRow],
        width: int,
        ascii_only: bool,
        mask: Callable[[str], str],
    ) -> None:
        self.view = view
        self.rows = rows
        self.ascii_only = ascii_only
        self.mask = mask
        self.ellipsis = "..." if ascii_only else "…"
        self.headings = _headings(view, rows)
        self.made = {wire.id for node in view.nodes for wire in node.outputs}
        self.taken = {wire.id for node in view.nodes for wire in node.inputs}
        self.common = _common_reason(view.nodes)
        self.widths = self._widths(width)

    def lines(self) -> Iterator[list[Segment]]:
        yield self._title()
        for at, row in enumerate(self.rows):
            if at in self.headings:
                yield self._heading(self.rows[at - 1].below if at else "", self.headings[at])
            yield self._line(row)

    def _text(self, text: str) -> str:
        return harmless(self.mask(text), ascii_only=self.ascii_only)

    def _widths(self, width: int) -> Widths:
        nodes = self.view.nodes
        drawn = [_breadth(row) for row in self.rows]
        rails = min(max(drawn, default=0), ALIGNED)
        ends = [
            max(own, rails) + 2 + columns(self._name(nodes[row.node]))
            for own, row in zip(drawn, self.rows, strict=True)
        ]
        time = max([columns(duration(node.duration_s)) for node in nodes], default=0)
        status = max([columns(self._text(in_words(node.status))) for node in nodes], default=0)
        room = width - max([*drawn, rails]) - 2
        if room - LEAST_NAME < time + status + 4:
            status = 0
        if room - LEAST_NAME < time + 2:
            time = 0
        facts = sum([part + 2 for part in (time, status) if part])
        edge = min(max(ends, default=0), width - facts)
        return Widths(rails, edge, time, status, max(0, width - edge - facts - 2))

    def _name(self, node: NodeView) -> str:
        return self._text(f"  {node.short_name}" if self.headings and node.namespace else node.name)

    def _title(self) -> list[Segment]:
        view = self.view
        count = len(view.nodes)
        facts = [f"{count} node{'' if count == 1 else 's'}"]
        if view.run:
            from mlflow_tmpl.ledger.records import SHORT_ID  # the ledger is slow to import

            facts.append(f"last run {view.run.id[:SHORT_ID]} {in_words(view.run.status)}")
        statuses = Counter(node.status for node in view.nodes)
        worst = sorted(statuses, key=lambda status: WORST.index(style_of(status).tone))
        told = ", ".join([f"{statuses[status]} {in_words(status) or 'never run'}" for status in worst])
        said = ", ".join(facts) + (f": {told}" if len(statuses) > 1 else "")
        return [(self._text(view.title), {"bold": True}), ("  " + self._text(said), DIM)]

    def _heading(self, rails: str, namespace: str) -> list[Segment]:
        return [
            (pad(rails, max(columns(rails), self.widths.rails)) + "  ", DIM),
            (self._text(namespace), {"bold": True}),
        ]

    def _line(self, row: RailRow) -> list[Segment]:
        node = self.view.nodes[row.node]
        style, widths = style_of(node.status), self.widths
        painted: dict[str, Any] = {"fg": style.colour} if style.colour else {}
        own = _breadth(row)
        start = max(own, widths.rails) + 2
        segments: list[Segment] = [
            (row.before, DIM),
            (style.plain if self.ascii_only else style.mark, {**painted, "bold": True}),
            (row.after + " " * (start - own), DIM),
            (pad(self._name(node), widths.edge - start, self.ellipsis), {}),
        ]
        if widths.time:
            segments.append(("  " + duration(node.duration_s).rjust(widths.time), DIM))
        if widths.status:
            word = self._text(in_words(node.status))
            segments.append(("  " + pad(word, widths.status, self.ellipsis), dict(painted)))
        return [*segments, *self._rest(node)]

    def _rest(self, node: NodeView) -> list[Segment]:
        """Return what went wrong, or else why the node ran and what enters and leaves the pipeline at it."""
        text, style = "  ".join([part for part in (self._why(node), self._flows(node)) if part]), DIM
        for line in node.error.strip().splitlines()[:1]:
            text, style = line, {"fg": "red"}
        if not text or self.widths.rest < LEAST_REST:
            return []
        return [("  " + fit(self._text(text), self.widths.rest, self.ellipsis), style)]

    def _why(self, node: NodeView) -> str:
        attempt = f"attempt {node.attempt}" if node.attempt > 1 else ""
        why = ""
        if node.reasons and node.reasons[0] != self.common:
            more = len(node.reasons) - 1
            why = node.reasons[0] + (f" (and {more} more)" if more else "")
        return "; ".join([part for part in (attempt, why) if part])

    def _flows(self, node: NodeView) -> str:
        """What comes into the pipeline here, and what leaves it."""
        arrows = ("<-", "->") if self.ascii_only else ("←", "→")
        space = f"{node.namespace}." if self.headings and node.namespace else ""
        ends = (
            dict.fromkeys(
                [wire.dataset.removeprefix(space) for wire in node.inputs if wire.id not in self.made]
            ),
            dict.fromkeys(
                [wire.dataset.removeprefix(space) for wire in node.outputs if wire.id not in self.taken]
            ),
        )
        return "  ".join(
            [f"{arrow} {', '.join(names)}" for arrow, names in zip(arrows, ends, strict=True) if names]
        )


def _breadth(row: RailRow) -> int:
    return columns(row.before) + 1 + columns(row.after)


def _common_reason(nodes: Sequence[NodeView]) -> str:
    """Return the reason that all nodes ran for, such as that none ever had; said of each it would say nothing."""
    first = {node.reasons[0] if node.reasons else "" for node in nodes}
    return first.pop() if len(first) == 1 and len(nodes) > 1 else ""


def _cut(line: Sequence[Segment], width: int, ellipsis: str) -> Sequence[Segment]:
    if sum([columns(text) for text, _ in line]) <= width:
        return line
    kept, room = [], width
    for text, style in line:
        shown = fit(text, room, ellipsis)
        kept.append((shown, style))
        room -= columns(shown)
        if shown != text:
            break
    return kept


def _painted(line: Sequence[Segment], colour: bool) -> str:
    if not colour:
        return "".join([text for text, _ in line]).rstrip()
    return "".join(_colours(line))


def _colours(line: Iterable[Segment]) -> Iterator[str]:
    from click import style as paint

    for text, style in line:
        yield paint(text, **style) if text.strip() else text
