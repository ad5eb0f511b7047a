"""Versions of a dataset as lines of text: all of them, and what differs between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.ledger.versions import SHORT_HASH
from mlflow_tmpl.views.cells import columns, pad
from mlflow_tmpl.views.runs import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.history.difference import Change
    from mlflow_tmpl.history.versions import Compared, KnownVersion
    from mlflow_tmpl.views.lines import Paper

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def history_lines(name: str, versions: Sequence[KnownVersion], paper: Paper) -> Iterator[str]:
    """Yield every version of a dataset, a line each."""
    if not versions:
        yield f"no run has made or taken {name!r} yet"
        return
    cells = {
        "version": [each.record.fingerprint[:SHORT_HASH] for each in versions],
        "first seen": [moment(each.record.made_at) for each in versions],
        "run": [each.record.run[:SHORT_ID] for each in versions],
        "node": [each.record.node for each in versions],
        "rows": ["" if each.record.rows is None else f"{each.record.rows:,}" for each in versions],
        "bytes": ["" if each.record.bytes is None else f"{each.record.bytes:,}" for each in versions],
        "runs": [f"{each.record.runs}" for each in versions],
        "": [_state(each) for each in versions],
    }
    shown = {head: column for head, column in cells.items() if any(column)}
    widths = {head: max(map(columns, [head, *column])) for head, column in shown.items()}
    yield paper.fit("  ".join(pad(head, widths[head]) for head in shown).rstrip(), paper.width)
    for at in range(len(versions)):
        line = "  ".join(pad(column[at], widths[head]) for head, column in shown.items())
        yield paper.fit(line.rstrip(), paper.width)


def _state(version: KnownVersion) -> str:
    state = [
        *version.record.aliases,
        "now" if version.present else "",
        "" if version.stored else "not in the store",
    ]
    return ", ".join(filter(None, state))


def difference_lines(compared: Compared, paper: Paper) -> Iterator[str]:
    """Yield what differs between two versions: counted, then some of it."""
    found = compared.difference
    title = f"{compared.dataset}: {compared.before[:SHORT_HASH]} to {compared.after[:SHORT_HASH]}"
    yield paper.fit(paper.paint(title, bold=True), paper.width + 9)
    if found.same:
        yield "no difference" if compared.before == compared.after else "no difference in what is loaded"
        return
    counted = [f"{count:,} {what}" for what, count in found.counts.items() if count]
    if counted:
        yield paper.fit(", ".join(counted), paper.width)
    for change in found.changes:
        yield from _change(change, paper)


def _change(change: Change, paper: Paper) -> Iterator[str]:
    if change.kind == "diff":
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(change.where[:1])
        yield f"  {paper.paint(change.where, fg=colour)}".rstrip()
        return
    mark, colour = _MARKS[change.kind]
    between = " -> " if change.before and change.after else ""
    text = f"{change.where}: {change.before}{between}{change.after}".rstrip(": ")
    yield f"  {paper.paint(mark, fg=colour)} {paper.fit(text, paper.width - 4)}"
