"""How each status is shown: one table for the terminal, the drawings and the page."""

from __future__ import annotations

from mlflow_tmpl.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class StatusStyle:
    """How a status looks wherever it is drawn; colour never stands alone.

    Attributes:
        mark: one Unicode character that takes one column.
        plain: the same in ASCII.
        colour: its colour on a terminal, as `click.style` names it; empty for the terminal's own.
        tone: its family in drawings, one of `good kept bad held busy none`.
    """

    mark: str
    plain: str
    colour: str
    tone: str


STATUSES = {
    "": StatusStyle("○", "o", "bright_black", "none"),
    "waiting": StatusStyle("○", "o", "bright_black", "none"),
    "queued": StatusStyle("○", "o", "bright_black", "none"),
    "running": StatusStyle("▶", ">", "blue", "busy"),
    "retried": StatusStyle("↻", "~", "yellow", "busy"),
    "done": StatusStyle("●", "*", "green", "good"),
    "reused": StatusStyle("◆", "=", "cyan", "kept"),
    "skipped": StatusStyle("◇", "-", "bright_black", "none"),
    "blocked": StatusStyle("□", "#", "yellow", "held"),
    "cancelled": StatusStyle("□", "#", "yellow", "held"),
    "failed": StatusStyle("✗", "x", "red", "bad"),
    "timed_out": StatusStyle("✗", "x", "red", "bad"),
    "lost": StatusStyle("✗", "x", "red", "bad"),
}
"""Every status of a node run, and the empty one of a node that was never run."""

PLANNED = {
    "run": StatusStyle("▶", ">", "blue", "busy"),
    "reuse": StatusStyle("◆", "=", "cyan", "kept"),
    "omit": StatusStyle("◇", "-", "bright_black", "none"),
}
"""Every action of a plan, where it stands for the status that there is none of yet."""

_UNITS = ("bytes", "kB", "MB", "GB", "TB")

UNKNOWN = StatusStyle("?", "?", "", "none")
"""For a word that a later ledger may bring: it is shown as text, without a meaning of ours."""


WORST = ("bad", "busy", "held", "none", "good", "kept")
"""Tones, the one first that is to be seen of many."""


def style_of(status: str) -> StatusStyle:
    """Return how a status is shown, whatever the word."""
    return STATUSES.get(status) or PLANNED.get(status, UNKNOWN)


def in_words(status: str) -> str:
    """Return a status as people read it: ``timed out``."""
    return status.replace("_", " ")


def duration(seconds: float | None) -> str:
    """Return a duration in at most seven columns, to two or three digits; empty for none.

    Example:
        >>> [duration(seconds) for seconds in (None, 0.0004, 0.0123, 1.26, 83.4, 3725, 200000)]
        ['', '<1 ms', '12 ms', '1.3 s', '1m 23s', '1h 02m', '2d 07h']
    """
    if seconds is None:
        return ""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "<1 ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d {whole % 86400 // 3600:02d}h"


def in_bytes(size: float) -> str:
    """Return a number of bytes for people.

    Example:
        >>> [in_bytes(size) for size in (1, 999, 1500, 20_000_000, 5e15)]
        ['1 byte', '999 bytes', '1.5 kB', '20 MB', '5000 TB']
    """
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    if size == 1 and not unit:
        return "1 byte"
    return f"{size:.3g} {_UNITS[unit]}" if size < 1000 else f"{size:.0f} {_UNITS[unit]}"
