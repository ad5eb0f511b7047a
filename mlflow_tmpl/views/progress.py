"""A run while it is under way: lines for a pipe, a live display for a terminal. Both listen to the engine."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.events import (
    Event,
    HookFailed,
    NodeFinished,
    NodeStarted,
    RunFinished,
    RunNoted,
    RunStarted,
)
from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import Paper, diff_lines, is_left_out, node_line, plan_summary, told_reasons
from mlflow_tmpl.views.statuses import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console, Group

    from mlflow_tmpl.planning import Plan

_SHOWN = {"done", "retried", "failed", "timed_out", "blocked", "cancelled"}
"""What is worth a line; what is reused is counted."""

_BAR_COLUMNS = 32
_MOST_RUNNING, _MOST_WAITING = 12, 6
"""How many nodes the live display names; a terminal has 24 lines."""


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
            steps = [each for step in event.plan.steps for each in (step, *step.items)]
            self.widest = max((columns(step.node.name) for step in steps), default=0)
            if any(step.action.value == "run" for step in event.plan.steps):
                self._write(f"run {event.run_id[:13]}: {plan_summary(event.plan)}")
        elif isinstance(event, RunNoted):
            told = f"  {event}"
            self._write(self._paper.fit(told, self._paper.width) if event.kind == "engine" else told)
        elif isinstance(event, HookFailed):
            self._write(f"  warning: {event}")
        elif isinstance(event, NodeFinished) and (event.status in _SHOWN or is_left_out(event.step)):
            self._write(self.line(event))
            for line in diff_lines(event.step.reasons, self._paper):
                self._write(line)
            if event.outcome and event.outcome.unused:
                self._write(
                    f"  warning: node {event.step.node.name!r} declares no outputs and returned {event.outcome.unused}"
                )
            if event.outcome and event.outcome.unkept:
                self._write(
                    f"  warning: what node {event.step.node.name!r} gives cannot be kept: {event.outcome.unkept}"
                )
            if event.outcome and event.outcome.moved:
                moved = ", ".join(map(repr, event.outcome.moved))
                self._write(
                    f"  warning: {moved} changed while the run was under way; the next run looks again"
                )

    def line(self, event: NodeFinished) -> str:
        """Return what came of a node in a line."""
        self.widest = max(self.widest, columns(event.step.node.name))  # an item that was not known before
        rows, text = _rows(event), told_reasons(event.step.reasons)
        if event.status == "retried" and event.error is not None:
            problem = event.error.message.partition(": ")[2]
            text = f"attempt {event.attempt}: {problem}; again in {duration(event.wait_s)}"
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
        self._paper = paper
        self._lines = Lines(self._print, paper)
        self._board: Board | None = None

    def __call__(self, event: Event) -> None:
        """Show what happened."""
        if isinstance(event, RunStarted) and any(step.action.value == "run" for step in event.plan.steps):
            self._board = Board(event.plan, self._paper)
        board = self._board
        if board is None:  # nothing is to run: there is nothing to show, and rich takes 50 ms to import
            if isinstance(event, HookFailed):
                sys.stderr.write(f"  warning: {event}\n")
            return
        if isinstance(event, NodeStarted):
            board.start(event.step.node.name)
        elif isinstance(event, NodeFinished):
            board.finish(event.step.node.name, again=event.status == "retried")
        elif isinstance(event, RunFinished):
            board.close()
        self._lines(event)

    def _print(self, line: str) -> None:
        if self._board is not None:
            self._board.print(line)


class Board:
    """The part of the terminal that is drawn again and again: what runs, what waits, how much is done.

    What nodes print on the terminal meanwhile goes above it.

    Args:
        plan: what is going to be done.
        paper: how wide the terminal is and what it shows.
    """

    def __init__(self, plan: Plan, paper: Paper) -> None:
        from rich.live import Live

        self._paper = paper
        self._widest = max((columns(step.node.name) for step in plan.steps), default=0)
        self._running: dict[str, float] = {}
        self._names = {step.node.name for step in plan.steps}
        self._waiting = {step.node.name: None for step in plan.steps if step.action.value == "run"}
        self._total, self._ended, self._since = len(plan.steps), 0, perf_counter()
        self._console = _console(paper)
        self._live = Live(
            console=self._console,
            refresh_per_second=8,
            transient=True,
            get_renderable=self.draw,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=True,
        )
        self._live.start()

    def start(self, node: str) -> None:
        """Show a node as running."""
        self._running[node] = perf_counter()
        self._waiting.pop(node, None)

    def finish(self, node: str, *, again: bool = False) -> None:
        """Count a node as ended, or as waiting where it is called again."""
        self._running.pop(node, None)
        if again:
            self._waiting[node] = None
            return
        self._waiting.pop(node, None)
        self._ended += node in self._names  # an item is only a part of one

    def print(self, line: str) -> None:
        """Write a line above the display; below what stays of the run once it is closed."""
        from rich.text import Text

        self._console.print(Text.from_ansi(line))

    def close(self) -> None:
        """Take the display off the terminal."""
        self._live.stop()

    def draw(self) -> Group:
        """Return the display as it is now."""
        from rich.console import Group
        from rich.text import Text

        lines = [*self._running_lines(), *self._waiting_lines(), self._bar()]
        return Group(*[Text.from_ansi(line, no_wrap=True, overflow="crop") for line in lines])

    def _running_lines(self) -> list[str]:
        now, running = perf_counter(), list(self._running.items())
        shown = [
            node_line(name, "running", now - since, "", self._widest, self._paper)
            for name, since in running[:_MOST_RUNNING]
        ]
        more = len(running) - len(shown)
        return [*shown, f"  and {more} more"] if more else shown

    def _waiting_lines(self) -> list[str]:
        waiting = list(self._waiting)
        if not waiting:
            return []
        shown = waiting[:1]
        room = self._paper.width - len("  waiting:  and 100,000 more") - columns(shown[0])
        for name in waiting[1:_MOST_WAITING]:
            room -= columns(name) + 2
            if room < 0:
                break
            shown.append(name)
        rest = len(waiting) - len(shown)
        text = f"  waiting: {', '.join(shown)}{f' and {rest:,} more' if rest else ''}"
        return [self._paper.paint(self._paper.fit(text, self._paper.width), dim=True)]

    def _bar(self) -> str:
        done = round(_BAR_COLUMNS * self._ended / self._total)
        full, rest = ("#", "-") if self._paper.ascii_only else ("━", "─")
        bar = self._paper.paint(full * done, fg="green") + self._paper.paint(
            rest * (_BAR_COLUMNS - done), dim=True
        )
        return f"  {bar} {self._ended}/{self._total}  {duration(perf_counter() - self._since)}"


def _console(paper: Paper) -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True, no_color=not paper.colour)
