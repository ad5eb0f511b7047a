"""A run while it is under way: lines for a pipe, a live display for a terminal. Both listen to the engine."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import Event, NodeFinished, NodeStarted, RunFinished, RunStarted
from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import Paper, node_line, plan_summary, told_reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Group
    from rich.live import Live
    from rich.progress import Progress

_SHOWN = {"done", "failed", "blocked", "cancelled"}
"""What is worth a line; what is reused is counted."""

_MOST_WAITING = 6


class Lines:
    """Writes a line for each node that ran.

    Args:
        write: takes a line.
        paper: how wide it is and what it shows.
    """

    def __init__(self, write: Callable[[str], object], paper: Paper) -> None:
        self._write = write
        self._paper = paper
        self.widest = 0

    def __call__(self, event: Event) -> None:
        """Write what happened, if it is worth a line."""
        if isinstance(event, RunStarted):
            self.widest = max((columns(step.node.name) for step in event.plan.steps), default=0)
            if any(step.action.value == "run" for step in event.plan.steps):
                self._write(f"run {event.run_id[:13]}: {plan_summary(event.plan)}")
        elif isinstance(event, NodeFinished) and event.status in _SHOWN:
            self._write(self.line(event))
            if event.outcome and event.outcome.unused:
                self._write(
                    f"  warning: node {event.step.node.name!r} declares no outputs and returned {event.outcome.unused}"
                )
            if event.outcome and event.outcome.moved:
                moved = ", ".join(map(repr, event.outcome.moved))
                self._write(
                    f"  warning: {moved} changed while the run was under way; the next run looks again"
                )

    def line(self, event: NodeFinished) -> str:
        """Return what came of a node in a line."""
        text = told_reasons(event.step.reasons)
        rows = _rows(event)
        return node_line(
            event.step.node.name,
            event.status,
            event.duration_s,
            "; ".join(filter(None, (rows, text))),
            self.widest,
            self._paper,
        )


def _rows(event: NodeFinished) -> str:
    if event.outcome is None:
        return ""
    rows = [saved.rows for saved in event.outcome.saved.values() if saved.rows is not None]
    return f"{rows[0]:,} rows" if rows else ""


class Display:
    """Shows on a terminal what runs and what waits, below the lines of what has ended.

    Args:
        paper: how wide the terminal is and what it shows.
    """

    def __init__(self, paper: Paper) -> None:
        from rich.console import Console
        from rich.live import Live

        self._paper = paper
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._lines = Lines(self._print, paper)
        self._live: Live = Live(
            console=self._console,
            refresh_per_second=8,
            transient=True,
            get_renderable=self._drawn,
            redirect_stderr=False,
        )
        self._running: dict[str, float] = {}
        self._waiting: dict[str, None] = {}
        self._bar: Progress | None = None
        self._task: Any = None

    def __call__(self, event: Event) -> None:
        """Show what happened."""
        if isinstance(event, RunStarted):
            self._start(event)
        elif isinstance(event, NodeStarted):
            self._running[event.step.node.name] = perf_counter()
            self._waiting.pop(event.step.node.name, None)
        elif isinstance(event, NodeFinished):
            self._running.pop(event.step.node.name, None)
            self._waiting.pop(event.step.node.name, None)
            if self._bar is not None:
                self._bar.advance(self._task)
        elif isinstance(event, RunFinished):
            self._live.stop()
        self._lines(event)

    def _start(self, event: RunStarted) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._waiting = {step.node.name: None for step in event.plan.steps if step.action.value == "run"}
        self._bar = Progress(
            TextColumn("  "), BarColumn(32), MofNCompleteColumn(), TimeElapsedColumn(), console=self._console
        )
        self._task = self._bar.add_task("", total=len(event.plan.steps))
        if self._waiting:
            self._live.start()

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text.from_ansi(line))

    def _drawn(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        now = perf_counter()
        lines = [
            Text.from_ansi(node_line(name, "running", now - since, "", self._lines.widest, self._paper))
            for name, since in list(self._running.items())
        ]
        waiting = list(self._waiting)
        if waiting:
            more = f" and {len(waiting) - _MOST_WAITING} more" if len(waiting) > _MOST_WAITING else ""
            told = self._paper.fit(
                f"  waiting: {', '.join(waiting[:_MOST_WAITING])}{more}", self._paper.width
            )
            lines.append(Text(told, style="dim"))
        return Group(*lines, self._bar) if self._bar is not None else Group(*lines)
