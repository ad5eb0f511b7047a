"""What happened in a run as lines of text."""

from __future__ import annotations

from time import localtime, strftime
from typing import TYPE_CHECKING

from mlflow_tmpl.views.cells import columns, pad
from mlflow_tmpl.views.lines import WIDEST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.ledger.logs import LogEntry
    from mlflow_tmpl.views.lines import Paper

_MARKS = {"run": "", "started": "started", "ended": "", "out": "|", "err": "!", "event": ""}
_COLOURS = {
    "err": "yellow",
    "started": "bright_black",
    "ended": "cyan",
    "run": "bright_white",
    "event": "magenta",
}


def log_lines(log: Sequence[LogEntry], paper: Paper) -> Iterator[str]:
    """Yield entries a line each, what was printed as it was printed: nothing of it is cut off."""
    widest = min(max((columns(entry.node) for entry in log), default=0), WIDEST_NAME)
    for entry in log:
        moment = strftime("%H:%M:%S", localtime(entry.at)) + f".{int(entry.at * 1000) % 1000:03}"
        head = f"{moment}  {pad(entry.node, widest)}  "
        mark = _MARKS.get(entry.kind, "")
        printed = entry.kind in {"out", "err"}
        for line in entry.text.rstrip("\n").split("\n"):
            text = " ".join(filter(None, (mark, line)))
            shown = text if printed else paper.fit(text, max(paper.width - columns(head), 20))
            yield f"{head}{paper.paint(shown, fg=_COLOURS.get(entry.kind) or None)}".rstrip()
