"""The drawing for the terminal: rails, and beside each node its name, last timing, status, inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.cells import columns, fit, pad
from mlflow_tmpl.views.rails import ASCII, UNICODE, rail_rows
from mlflow_tmpl.views.statuses import duration, in_words, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_tmpl.views.graph import GraphView, NodeView
    from mlflow_tmpl.views.rails import RailRow

    Segment = tuple[str, dict[str, Any]]
    """Some text and how `click.style` is to show it."""

DIM: dict[str, Any] = {"dim": True}
LEAST_NAME = 12
"""Columns that a name gets before timings and statuses get any."""


@dataclass(frozen=True, slots=True)
class Widths:
    """How many columns each part of a line gets; 0 leaves it out."""

    rails: int
    name: int
    time: int
    status: int
    rest: int


def draw(view: GraphView, *, width: int = 80, ascii_only: bool = False, colour: bool = False) -> str:
    """Return the drawing of a pipeline, a line a node and one more where the namespace changes.

    Args:
        view: what to draw.
        width: columns that no line is wider than.
        ascii_only: for terminals that cannot show more.
        colour: whether to write colours.
    """
    limit = max(2, (width - 2) * 9 // 40)  # rails take at most nine of twenty columns
    rows = rail_rows(view, limit=limit, glyphs=ASCII if ascii_only else UNICODE)
    headings = _headings(view, rows)
    sheet = _Sheet(view, _widths(view, rows, width, bool(headings)), "..." if ascii_only else "…", ascii_only)
    lines = [sheet.title()]
    for position, row in enumerate(rows):
        if headings.get(position):
            above = rows[position - 1].below if position else ""
            lines.append(sheet.heading(above, headings[position]))
        lines.append(sheet.line(row, within=bool(headings)))
    return "".join([_painted(_cut(line, width, sheet.ellipsis), colour) + "\n" for line in lines])


def _headings(view: GraphView, rows: Sequence[RailRow]) -> dict[int, str]:
    """Return the namespaces that start at each row; none where they change so often that headings would be noise."""
    spaces = [view.nodes[row.node].namespace for row in rows]
    changes = {at: space for at, space in enumerate(spaces) if at == 0 or space != spaces[at - 1]}
    named = {at: space for at, space in changes.items() if space}
    return {} if len(named) > 1 + len(rows) // 6 else named


def _widths(view: GraphView, rows: Sequence[RailRow], width: int, headings: bool) -> Widths:
    rails = max([columns(row.before) + 1 + columns(row.after) for row in rows], default=0)
    names = max([columns(_name(node, headings)) for node in view.nodes], default=0)
    time = max([columns(duration(node.duration_s)) for node in view.nodes], default=0)
    status = max([columns(in_words(node.status)) for node in view.nodes], default=0)
    room = width - rails - 2
    if room - LEAST_NAME < time + status + 4:
        status = 0
    if room - LEAST_NAME < time + 2:
        time = 0
    facts = sum([part + 2 for part in (time, status) if part])
    name = max(1, min(names, room - facts))
    return Widths(rails, name, time, status, max(0, room - facts - name - 2))


def _name(node: NodeView, headings: bool) -> str:
    return f"  {node.short_name}" if headings and node.namespace else node.name


class _Sheet:
    """Writes the lines of one drawing as coloured pieces."""

    def __init__(self, view: GraphView, widths: Widths, ellipsis: str, ascii_only: bool) -> None:
        self.view = view
        self.widths = widths
        self.ellipsis = ellipsis
        self.ascii_only = ascii_only
        self.made = {wire.id for node in view.nodes for wire in node.outputs}
        self.taken = {wire.id for node in view.nodes for wire in node.inputs}

    def title(self) -> list[Segment]:
        view = self.view
        count = len(view.nodes)
        facts = [f"{count} node{'' if count == 1 else 's'}"]
        if view.run:
            from mlflow_tmpl.ledger.records import SHORT_ID  # the ledger is slow to import

            facts.append(f"last run {view.run.id[:SHORT_ID]} {in_words(view.run.status)}")
        return [(view.title, {"bold": True}), ("  " + ", ".join(facts), DIM)]

    def heading(self, rails: str, namespace: str) -> list[Segment]:
        return [(pad(rails, self.widths.rails, ""), DIM), ("  ", {}), (namespace, {"bold": True})]

    def line(self, row: RailRow, *, within: bool) -> list[Segment]:
        node = self.view.nodes[row.node]
        style, widths = style_of(node.status), self.widths
        painted: dict[str, Any] = {"fg": style.colour} if style.colour else {}
        rails = columns(row.before) + 1 + columns(row.after)
        segments: list[Segment] = [
            (row.before, DIM),
            (style.plain if self.ascii_only else style.mark, {**painted, "bold": True}),
            (row.after + " " * (widths.rails - rails + 2), DIM),
            (pad(_name(node, within), widths.name, self.ellipsis), {}),
        ]
        if widths.time:
            segments.append(("  " + duration(node.duration_s).rjust(widths.time), DIM))
        if widths.status:
            segments.append(("  " + pad(in_words(node.status), widths.status, self.ellipsis), dict(painted)))
        return [*segments, *self._rest(node)]

    def _rest(self, node: NodeView) -> list[Segment]:
        text, style = self._flows(node), DIM
        if node.error:
            text, style = node.error.strip().splitlines()[0], {"fg": "red"}
        return (
            [("  " + fit(text, self.widths.rest, self.ellipsis), style)]
            if text and self.widths.rest > 5
            else []
        )

    def _flows(self, node: NodeView) -> str:
        """What comes into the pipeline here, and what leaves it."""
        arrows = ("<-", "->") if self.ascii_only else ("←", "→")
        ends = (
            dict.fromkeys([wire.dataset for wire in node.inputs if wire.id not in self.made]),
            dict.fromkeys([wire.dataset for wire in node.outputs if wire.id not in self.taken]),
        )
        return "  ".join(
            [f"{arrow} {', '.join(names)}" for arrow, names in zip(arrows, ends, strict=True) if names]
        )


def _cut(line: Iterable[Segment], width: int, ellipsis: str) -> list[Segment]:
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
