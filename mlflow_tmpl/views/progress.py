"""A run while it is under way: lines for a pipe, a live display for a terminal. Both listen to the engine."""

from __future__ import annotations

import sys
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

    from mlflow_tmpl.views.board import Board, Seconds

_SHOWN = {"done", "retried", "failed", "timed_out", "blocked", "cancelled"}
"""What is worth a line; what is reused is counted."""


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
        past: gives how long nodes took when they last ran.
    """

    def __init__(self, paper: Paper, past: Seconds | None = None) -> None:
        self._paper = paper
        self._past = past
        self._lines = Lines(self._print, paper)
        self._board: Board | None = None

    def __call__(self, event: Event) -> None:
        """Show what happened."""
        if isinstance(event, RunStarted) and any(step.action.value == "run" for step in event.plan.steps):
            from mlflow_tmpl.views.board import Board

            self._board = Board(event.plan, self._paper, self._past)
        board = self._board
        if board is None:  # nothing is to run: there is nothing to show, and rich takes 50 ms to import
            if isinstance(event, HookFailed):
                sys.stderr.write(f"  warning: {event}\n")
            return
        if isinstance(event, NodeStarted):
            board.start(event.step.node.name)
        elif isinstance(event, NodeFinished):
            board.finish(event.step.node.name, event.status, event.duration_s)
        self._lines(event)
        if isinstance(event, RunFinished):
            self._board = None
            board.close()

    def _print(self, line: str) -> None:
        if self._board is not None:
            self._board.print(line)
