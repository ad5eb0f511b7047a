"""Runs side by side as lines of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.views.cells import columns, pad
from mlflow_tmpl.views.runs import marks_of, moment, number
from mlflow_tmpl.views.statuses import duration, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mlflow_tmpl.history.comparison import Comparison, SourceChange
    from mlflow_tmpl.views.lines import Paper

    Row = Mapping[str, Any]

SHORT_HASH = 10
_NARROWEST = 6
_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), *range(127, 160))}
"""The code of a run that was pulled may hold what a terminal obeys."""


def comparison_lines(comparison: Comparison, paper: Paper) -> Iterator[str]:
    """Yield what differs among runs: a table a kind of thing, a column a run; then the changes of code as text."""
    letters = {run.id: _letter(at) for at, run in enumerate(comparison.runs)}
    for run in comparison.runs:
        facts = (
            letters[run.id],
            run.id[:SHORT_ID],
            moment(run.started_at),
            in_words(run.status),
            marks_of(run),
        )
        yield paper.fit("  ".join(facts).rstrip(), paper.width)
    tables: Iterable[tuple[str, Mapping[str, Row], Callable[[Any], str]]] = (
        ("status", comparison.statuses, in_words),
        ("parameters", comparison.parameters, _value),
        ("inputs", comparison.inputs, _hash),
        ("code", comparison.code, _hash),
        ("packages", comparison.packages, str),
        ("outputs", comparison.outputs, _hash),
        ("metrics", comparison.metrics, number),
        ("seconds", comparison.durations, duration),
    )
    same = []
    for title, rows, shown in tables:
        if rows:
            yield ""
            yield from _table(title, rows, shown, letters, paper)
        else:
            same.append(title)
    for change in comparison.sources:
        yield ""
        yield from _change(change, letters, paper)
    if same:
        yield ""
        yield f"no difference in {', '.join(same)}"


def _table(
    title: str, rows: Mapping[str, Row], shown: Callable[[Any], str], letters: Mapping[str, str], paper: Paper
) -> Iterator[str]:
    cells = {
        name: ["-" if row[run] is None else shown(row[run]) for run in letters] for name, row in rows.items()
    }
    widest = max(map(columns, [title, *cells]))
    most = max(_NARROWEST, (paper.width - 2 - min(widest, paper.width // 3)) // len(letters) - 2)
    widths = [min(most, max(columns(row[at]) for row in cells.values())) for at in range(len(letters))]
    name_width = min(widest, max(paper.width - 2 - sum(width + 2 for width in widths), _NARROWEST))
    heads = "  ".join(pad(letter, width) for letter, width in zip(letters.values(), widths, strict=True))
    yield paper.fit(
        f"{paper.paint(pad(title, name_width + 2), bold=True)}  {heads}".rstrip(), paper.width + 9
    )
    for name, row in cells.items():
        line = "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True))
        yield paper.fit(f"  {pad(name, name_width)}  {line}".rstrip(), paper.width)


def _change(change: SourceChange, letters: Mapping[str, str], paper: Paper) -> Iterator[str]:
    nodes = f" (of {', '.join(change.nodes)})" if change.nodes else ""
    title = f"{change.name}, {letters[change.before]} to {letters[change.run]}{nodes}"
    yield paper.paint(paper.fit(title, paper.width), bold=True)
    for line in change.diff[2:]:
        yield f"  {paper.paint(line.translate(_CONTROLS), fg=_DIFF_COLOURS.get(line[:1]))}".rstrip()


def _letter(at: int) -> str:
    return chr(ord("A") + at) if at < 26 else f"R{at + 1}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _hash(fingerprint: str) -> str:
    return fingerprint[:SHORT_HASH]
