"""How long nodes took when they last ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_ANY = "SELECT 1 FROM node_run WHERE status = 'done' LIMIT 1"
_LAST = "SELECT duration_s FROM node_run WHERE node = ? AND status = 'done' ORDER BY run DESC LIMIT 1"


def past_seconds(
    query: Callable[[str, Sequence[Any]], Sequence[Any]], nodes: Iterable[str]
) -> Mapping[str, float]:
    """Return node to seconds; nodes that never ran to their end are left out. A query a node, by an index.

    Args:
        query: asks the ledger.
        nodes: names.
    """
    if not query(_ANY, ()):
        return {}
    found = {}
    for name in nodes:
        for (seconds,) in query(_LAST, (name,)):
            if seconds is not None:
                found[name] = float(seconds)
    return found
