"""Datasets and their entries as lines of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.views.cells import pad
from mlflow_tmpl.views.tables import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.catalog.resolution import Resolution
    from mlflow_tmpl.views.datasets import DatasetRow
    from mlflow_tmpl.views.lines import Paper
    from mlflow_tmpl.views.settings import Setting

HEADS = ("dataset", "type", "place", "exists", "made by", "taken by", "layer")
WHOLE = ("dataset", "pattern", "type", "exists")
ENDS = ("place",)
_EXISTS = {True: "yes", False: "no", None: ""}
_LONGEST_FACT = 11


def list_lines(
    rows: Sequence[DatasetRow], patterns: Sequence[Mapping[str, Any]], paper: Paper
) -> Iterator[str]:
    """Yield the datasets, a line each, then the patterns, and what could not be found out."""
    from textwrap import wrap

    if not rows and not patterns:
        yield "no datasets yet: conf/base/catalog.yml names them"
        return
    if rows:
        yield from table_lines(HEADS, [_cells(row) for row in rows], paper, whole=WHOLE, ends=ENDS)
    if patterns:
        yield ""
        told = [
            [str(each[key] or "") for key in ("pattern", "type", "filepath", "layer")] for each in patterns
        ]
        yield from table_lines(("pattern", "type", "place", "layer"), told, paper, whole=WHOLE, ends=ENDS)
    for row in rows:
        if row.problem:
            yield ""
            yield from wrap(f"{row.name}: {row.problem}", max(paper.width, 20), subsequent_indent="  ")


def _cells(row: DatasetRow) -> tuple[str, ...]:
    exists = "?" if row.problem else _EXISTS[row.exists]
    return (row.name, row.type, row.place, exists, row.made_by, ", ".join(row.taken_by), row.layer)


def show_lines(row: DatasetRow, settings: Sequence[Setting], paper: Paper) -> Iterator[str]:
    """Yield what is known of one dataset, and each value of its entry with its place."""
    yield f"{paper.paint(row.name, bold=True)}  {row.type}"
    facts = {
        "place": row.place,
        "exists": row.problem or _EXISTS[row.exists] or "kept in memory: for the time of a run",
        "made by": row.made_by,
        "taken by": ", ".join(row.taken_by),
        "declared": row.where or "nowhere: what the catalog does not name stays in memory",
        "pattern": row.pattern,
    }
    yield from fact_lines(facts, paper)
    if settings:
        yield ""
        yield from setting_lines(settings, paper)


def resolution_lines(found: Resolution, settings: Sequence[Setting], paper: Paper) -> Iterator[str]:
    """Yield which entry a name falls to, why, what else it fits, and the entry."""
    yield paper.paint(found.name, bold=True)
    where = str(found.value.origin) if found.value is not None else ""
    falls = found.pattern.text if found.pattern else found.name if found.value is not None else "nothing"
    yield from fact_lines({"falls to": f"{falls}  {where}".rstrip(), "because": found.reason}, paper)
    for number, other in enumerate(found.others):
        yield from fact_lines({"" if number else "also fits": f"{other.text}  {other.where}"}, paper)
    if settings:
        yield ""
        yield from setting_lines(settings, paper)


def setting_lines(settings: Sequence[Setting], paper: Paper) -> Iterator[str]:
    """Yield each value of an entry with its place, below it what it was made from, and what it overrode."""
    rows = []
    for each in settings:
        rows.append((each.key, _text(each.value), each.where))
        rows += [("", f"from {each.written}", "")] if each.written else []
        rows += [("", f"overrode {_text(value)}", where) for value, where in each.overrode]
    yield from table_lines(("key", "value", "where"), rows, paper, whole=("key", "where"))


def fact_lines(facts: Mapping[str, str], paper: Paper) -> Iterator[str]:
    """Yield facts in two columns, the second broken into lines that fit; those that are empty are left out."""
    from textwrap import wrap

    for fact, text in facts.items():
        for number, line in enumerate(wrap(text, max(paper.width - _LONGEST_FACT - 4, 20))):
            head = paper.paint(pad("" if number else fact, _LONGEST_FACT), fg="cyan")
            yield f"  {head}  {line}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
