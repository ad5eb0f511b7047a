"""The store as lines of text: how full it is, what is damaged, what goes."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import place
from mlflow_tmpl.views.runs import moment
from mlflow_tmpl.views.statuses import in_bytes
from mlflow_tmpl.views.tables import table_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow_tmpl.ledger.project_store import Collected, Contents
    from mlflow_tmpl.ledger.sharing import Shared
    from mlflow_tmpl.store.verifying import Checked
    from mlflow_tmpl.views.lines import Paper

SHORT = 12
"""Digits of a hash that are shown."""

MOST_LINES = 40

_EVERY_S = 0.1
_ERASE = "\x1b[K"

WHY = {
    "deleted": "only deleted runs used it",
    "old": "not used since",
    "unknown": "no run knows it",
    "limit": "beyond max_bytes",
}


def objects(count: int) -> str:
    """Return a number of objects for people."""
    return "1 object" if count == 1 else f"{count:,} objects"


def contents_lines(contents: Contents, settings: Mapping[str, Any], paper: Paper) -> Iterator[str]:
    """Yield how full a store is, and what it may take."""
    pulled = f", {contents.pulled:,} of them pulled" if contents.pulled else ""
    limit = settings["max_bytes"]
    facts = {
        "kept": f"{objects(contents.objects)}, {in_bytes(contents.size)}{pulled}",
        "damaged": f"{objects(contents.damaged)} set aside" if contents.damaged else "",
        "limit": in_bytes(limit) if limit is not None else "none",
        "runs": f"gc keeps what the newest {settings['keep_runs']:,} used" if settings["keep_runs"] else "",
        "shared": settings["url"] or "nowhere: mlo store push URL shares it",
        "trusted": "pulled files are opened, also if that runs what they say" if settings["trusted"] else "",
    }
    for fact, text in facts.items():
        if text:
            yield f"{fact:8} {paper.fit(text, paper.width - 9)}"


def checked_lines(checked: Checked, datasets: Mapping[str, str], paper: Paper) -> Iterator[str]:
    """Yield what came of reading all objects."""
    if not checked.damaged:
        yield f"{objects(checked.count)} read, {in_bytes(checked.size)}: all hold what they should"
        return
    bad = len(checked.damaged)
    yield f"{objects(checked.count)} read, {in_bytes(checked.size)}: {objects(bad)} damaged and set aside"
    rows = [(digest[:SHORT], datasets.get(digest, ""), place(aside)) for digest, aside in checked.damaged]
    yield from table_lines(("object", "dataset", "is now"), rows, paper, ends={"is now"})
    yield "what they were kept for is made again when it is needed"


def collected_lines(collected: Collected, paper: Paper) -> Iterator[str]:
    """Yield what a collection has removed, or would remove."""
    removed = collected.removed
    if removed:
        rows = [
            (
                each.digest[:SHORT],
                collected.datasets.get(each.digest, ""),
                in_bytes(each.size),
                f"{WHY[each.why]} {moment(each.used_at)}" if each.why == "old" else WHY[each.why],
            )
            for each in removed[:MOST_LINES]
        ]
        yield from table_lines(("object", "dataset", "size", "why"), rows, paper, whole={"object", "size"})
        if len(removed) > MOST_LINES:
            yield f"and {len(removed) - MOST_LINES:,} more: --json has them all"
    done = "would go" if collected.dry_run else "removed"
    what = f"{objects(len(removed))} {done}, {in_bytes(collected.freed)}" if removed else f"nothing {done}"
    yield f"{what}; {objects(collected.kept.objects)} kept, {in_bytes(collected.kept.size)}"


def shared_lines(shared: Shared, action: str) -> Iterator[str]:
    """Yield what was copied to a shared store, or from it.

    Args:
        shared: what was copied.
        action: ``push`` or ``pull``.
    """
    direction = "to" if action == "push" else "from"
    told = _counted(shared)
    if told:
        yield f"{action}ed {told} {direction} {shared.url}"
    else:
        yield f"nothing new to {action} {direction} {shared.url}"
    for problem in shared.problems:
        yield f"warning: {problem}"


def _counted(shared: Shared) -> str:
    size = f" ({in_bytes(shared.size)})"
    counts = (
        (shared.runs, "run", ""),
        (shared.events, "event", ""),
        (shared.objects, "object", size),
        (shared.sources, "source file", ""),
    )
    return ", ".join(
        f"{count:,} {what}{'' if count == 1 else 's'}{more}" for count, what, more in counts if count
    )


class Transfer:
    """Tells how far a copy has come: on a terminal in a line that changes, else in one line when it begins.

    Args:
        action: ``push`` or ``pull``.
        write: takes text.
        paper: how wide it is.
        live: whether it is a terminal.
    """

    def __init__(self, action: str, write: Callable[[str], object], paper: Paper, *, live: bool) -> None:
        self._action, self._write, self._paper, self._live = action, write, paper, live
        self._due_at = 0.0

    def __call__(self, shared: Shared) -> None:
        """Tell it, unless that was done a moment ago."""
        line = self.line(shared)
        if not self._live:
            if not self._due_at and shared.due:
                self._write(line + "\n")
            self._due_at = 1.0
        elif monotonic() >= self._due_at:
            self._due_at = monotonic() + _EVERY_S
            self._write(f"\r{_ERASE}{self._paper.fit(line, self._paper.width - 1)}")

    def line(self, shared: Shared) -> str:
        """Return how far it has come."""
        direction = "to" if self._action == "push" else "from"
        runs = f"{shared.due:,} run{'' if shared.due == 1 else 's'}"
        found = f": {objects(shared.objects)}, {in_bytes(shared.size)}" if shared.objects else ""
        return f"{self._action}ing {runs}{found} {direction} {shared.url}"

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._write(f"\r{_ERASE}")
