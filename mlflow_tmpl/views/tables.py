"""Tables of text that fit a width: the widest columns give way first, each to the same width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.views.cells import columns, fit, pad

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mlflow_tmpl.views.lines import Paper

GAP = 2
NARROWEST = 10
"""A column that had to be cut to less says nothing: the last one is left out instead."""


def table_lines(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    paper: Paper,
    *,
    whole: Collection[str] = (),
    ends: Collection[str] = (),
) -> Iterator[str]:
    """Yield a table that fits the paper; a column in which nothing stands is left out.

    Args:
        heads: what the columns are called.
        rows: the cells of each row.
        paper: what the table has to fit.
        whole: columns that are not cut as long as there is room.
        ends: columns of which the end says more than the beginning, such as paths.
    """
    kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    natural = [max(columns(row[at]) for row in (heads, *rows)) for at in kept]
    firm = [heads[at] in whole for at in kept]
    widths = fitting(natural, paper.width, firm)
    while len(widths) > 1 and _too_narrow(widths, natural):
        kept, natural, firm = kept[:-1], natural[:-1], firm[:-1]
        widths = fitting(natural, paper.width, firm)
    ellipsis = "..." if paper.ascii_only else "…"
    for number, row in enumerate((heads, *rows)):
        cells = [
            (_pad_end if number and heads[at] in ends else pad)(row[at], width, ellipsis)
            for at, width in zip(kept, widths, strict=True)
        ]
        line = (" " * GAP).join(cells).rstrip()
        yield line if number else paper.paint(line, bold=True)


def fitting(widths: Sequence[int], room: int, firm: Sequence[bool] = ()) -> list[int]:
    """Return widths that fit in some columns with gaps between: what is narrower than its share stays as it is.

    Args:
        widths: what each column would like.
        room: columns of the paper.
        firm: which of them get what they like, unless that is more than the room.

    Example:
        >>> fitting([4, 30, 40], 44)
        [4, 18, 18]
        >>> fitting([4, 30, 40], 44, [False, True, False])
        [4, 30, 6]
    """
    left = room - GAP * (len(widths) - 1)
    found = list(widths)
    firm = firm or [False] * len(widths)
    waiting = sorted(range(len(widths)), key=lambda at: (not firm[at], widths[at]))
    while waiting:
        at = waiting.pop(0)
        share = left if firm[at] else left // (len(waiting) + 1)
        found[at] = min(widths[at], max(share, 1))
        left -= found[at]
    return found


def _too_narrow(widths: Sequence[int], natural: Sequence[int]) -> bool:
    return any(width < min(like, NARROWEST) for width, like in zip(widths, natural, strict=True))


def _pad_end(text: str, room: int, ellipsis: str) -> str:
    """Return a text that takes exactly `room` columns, its beginning cut off if it has to be."""
    if columns(text) <= room:
        return pad(text, room)
    return pad(fit(text[::-1], room, ellipsis[::-1])[::-1], room)
