"""A preview as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.dataset_lines import fact_lines
from mlflow_tmpl.views.statuses import in_bytes
from mlflow_tmpl.views.tables import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.views.contents import Content
    from mlflow_tmpl.views.lines import Paper
    from mlflow_tmpl.views.preview import Preview

MOST_LINES = 40
"""Of a text or a tree."""


def preview_lines(shown: Preview, paper: Paper) -> Iterator[str]:
    """Yield what is in a dataset."""
    content = shown.content
    yield f"{paper.paint(shown.name, bold=True)}  {shown.type}"
    size = f"  ({in_bytes(shown.size_bytes)})" if shown.size_bytes is not None else ""
    facts = {"place": f"{shown.place}{size}", "holds": told_shape(content), **content.facts}
    if not shown.whole:
        facts.setdefault("read", "the first rows only")
    yield from fact_lines(facts, paper)
    if content.columns:
        yield ""
        yield from _schema_lines(content, paper)
    if content.rows:
        yield ""
        yield from _row_lines(content, paper)
    if content.text:
        yield ""
        yield from _text_lines(content.text, paper)
    if content.kind == "picture":
        yield from fact_lines({"see it": f"mlo catalog preview {shown.name} --html FILE"}, paper)


def told_shape(content: Content) -> str:
    """Return what a value is and how large, in a few words.

    Example:
        >>> from mlflow_tmpl.views.contents import Content
        >>> told_shape(Content("table", "pandas DataFrame", (344, 17)))
        'pandas DataFrame, 344 rows x 17 columns'
    """
    shape = content.shape
    if shape is None:
        return content.python_type or content.kind
    if content.kind == "table" and len(shape) == 2:
        rows = "rows not counted" if shape[0] is None else f"{shape[0]:,} row{'' if shape[0] == 1 else 's'}"
        size = f"{rows} x {shape[1]} column{'' if shape[1] == 1 else 's'}"
    else:
        size = " x ".join("?" if each is None else f"{each:,}" for each in shape) or "a single value"
        size += " pixels" if content.kind == "picture" else " values" if len(shape) == 1 else ""
    return f"{content.python_type or content.kind}, {size}"


def _schema_lines(content: Content, paper: Paper) -> Iterator[str]:
    cells = [
        (each.name, each.dtype, "" if each.nulls is None else f"{each.nulls:,}", each.range)
        for each in content.columns
    ]
    heads, *rows = _aligned([("column", "dtype", "nulls", "range"), *cells], {2})
    yield from table_lines(heads, rows, paper, whole=("dtype",))


def _row_lines(content: Content, paper: Paper) -> Iterator[str]:
    heads = [each.name for each in content.columns] or [str(at) for at in range(len(content.rows[0]))]
    numbers = {at for at in range(len(heads)) if all(_is_number(row[at]) for row in content.rows)}
    every = [tuple(heads), *[tuple(cell_text(cell) for cell in row) for row in content.rows]]
    first, *rows = _aligned(every, numbers)
    kept = _that_fit(first, rows, paper.width)
    yield from table_lines(first[:kept], [row[:kept] for row in rows], paper, whole=first)
    if kept < len(heads):
        left = len(heads) - kept
        yield paper.paint(f"and {left} more column{'' if left == 1 else 's'}", dim=True)


def _that_fit(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many columns fit, from the left; one at least."""
    used = 0
    for at in range(len(heads)):
        used += max(columns(row[at]) for row in (heads, *rows)) + 2
        if used - 2 > width:
            return max(at, 1)
    return len(heads)


def _aligned(rows: Sequence[tuple[str, ...]], right: set[int]) -> list[tuple[str, ...]]:
    """Return rows with the cells of some columns moved to the right."""
    widths = {at: max((columns(row[at]) for row in rows), default=0) for at in right}
    return [
        tuple(
            " " * (widths[at] - columns(cell)) + cell if at in right else cell for at, cell in enumerate(row)
        )
        for row in rows
    ]


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool))


def cell_text(cell: Any) -> str:
    """Return a cell as it is shown: numbers to six places, and what is empty as a dash.

    Example:
        >>> cell_text(None), cell_text(1 / 3), cell_text(True)
        ('-', '0.333333', 'true')
    """
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _text_lines(text: str, paper: Paper) -> Iterator[str]:
    lines = text.splitlines()
    for line in lines[:MOST_LINES]:
        yield paper.fit("".join(each if each.isprintable() else " " for each in line), paper.width)
    if len(lines) > MOST_LINES:
        yield paper.paint(f"and {len(lines) - MOST_LINES} more lines", dim=True)
