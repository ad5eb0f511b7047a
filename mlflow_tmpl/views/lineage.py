"""Lineage as a tree of lines: what a version came from above it, what it went into below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.ledger.versions import SHORT_HASH
from mlflow_tmpl.views.runs import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_tmpl.history.lineage import Lineage, Version
    from mlflow_tmpl.views.lines import Paper

DEEPEST = 200
"""Beyond so many levels a tree is no help on a terminal; --json has all of it."""


def lineage_lines(lineage: Lineage, paper: Paper) -> Iterator[str]:
    """Yield the tree of what a version came from, then of what it went into."""
    yield paper.fit(paper.paint(_told(lineage.version), bold=True), paper.width + 9)
    for title, edges, up in (("came from", lineage.up, True), ("went into", lineage.down, False)):
        if edges:
            yield f"{title}:" if edges.get(lineage.version) else _nothing(up)
            yield from _tree(lineage, edges, paper, up=up)


def _nothing(up: bool) -> str:
    return "came from outside: no node has made it" if up else "went into nothing yet"


def _tree(
    lineage: Lineage, edges: Mapping[Version, tuple[str, ...]], paper: Paper, *, up: bool
) -> Iterator[str]:
    """Walk without recursion: a chain of a thousand nodes is an ordinary project."""
    turn, bar, last_turn = ("|-- ", "|   ", "`-- ") if paper.ascii_only else ("├─ ", "│  ", "└─ ")
    shown: set[str] = set()
    waiting = [(result, "", at == 0) for at, result in enumerate(reversed(edges.get(lineage.version, ())))]
    while waiting:
        result, indent, is_last = waiting.pop()
        made = lineage.results[result]
        others = made.inputs if up else made.outputs
        again = result in shown
        names = ", ".join(_told(each) for each in others)
        arrow = ("<-" if paper.ascii_only else "←") if up else ("->" if paper.ascii_only else "→")
        head = f"{made.node}  {made.run[:SHORT_ID]}  {moment(made.made_at)}"
        text = f"{head}  (see above)" if again else f"{head}  {arrow} {names}" if names else head
        yield paper.fit(f"{indent}{last_turn if is_last else turn}{text}", paper.width)
        shown.add(result)
        inner = indent + (" " * len(bar) if is_last else bar)
        if not again and len(inner) < DEEPEST * len(bar):
            further = dict.fromkeys(more for each in others for more in edges.get(each, ()))
            waiting.extend((more, inner, at == 0) for at, more in enumerate(reversed(further)))


def _told(version: Version) -> str:
    return version.dataset if version.in_memory else f"{version.dataset}:{version.fingerprint[:SHORT_HASH]}"
