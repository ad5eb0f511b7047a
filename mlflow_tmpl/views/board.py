"""The part of a terminal that is drawn again and again while a run is under way."""

from __future__ import annotations

import sys
from collections import deque
from itertools import islice
from threading import Event, RLock, Thread, get_ident
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import node_line
from mlflow_tmpl.views.load import Load
from mlflow_tmpl.views.pace import Pace
from mlflow_tmpl.views.statuses import STATUSES, duration, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rich.console import Console, Group, RenderableType

    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.views.lines import Paper

    Seconds = Callable[[Iterable[str]], Mapping[str, float]]
    """Names of nodes to the seconds that they took when they last ran."""

EVERY_S = 0.125
"""How often it is drawn. Lines wait for that: to draw all anew for each of them took three times as long as the run."""

_FORETELL_AFTER_S = 0.5
"""A run that is over by then is not asked about."""

_BAR_COLUMNS, _SHORT_BAR_COLUMNS, _WIDE = 32, 12, 100
_MOST_RUNNING, _MOST_WAITING = 12, 6
"""How many nodes are named; a terminal has 24 lines."""

_ENDS = {"done": "ran"}
"""How the count of a status is named, if not by the status."""


class Board:
    """Shows what runs and for how long, what waits, how much is done, and when the end is to be expected.

    What nodes print on the terminal meanwhile goes above it.

    Args:
        plan: what is going to be done.
        paper: how wide the terminal is and what it shows.
        past: gives how long nodes took when they last ran.
    """

    def __init__(self, plan: Plan, paper: Paper, past: Seconds | None = None) -> None:
        self._paper = paper
        self._plan = plan
        self._past = past
        self._pace: Pace | None = None
        self._load = Load()
        self._widest = max((columns(step.node.name) for step in plan.steps), default=0)
        self._running: dict[str, float] = {}
        self._names = {step.node.name for step in plan.steps}
        self._waiting = {step.node.name: None for step in plan.steps if step.action.value == "run"}
        self._ended: deque[tuple[str, float]] = deque()
        self._counts: dict[str, int] = {}
        self._at_a_time = 0
        self._since = perf_counter()
        self._screen = _Screen(paper, self.draw)

    def start(self, node: str) -> None:
        """Show a node as running."""
        self._running[node] = perf_counter()
        self._waiting.pop(node, None)
        self._at_a_time = max(self._at_a_time, len(self._running))

    def finish(self, node: str, status: str, took_s: float = 0.0) -> None:
        """Count a node as ended, or as waiting where it is called again."""
        self._running.pop(node, None)
        if status == "retried":
            self._waiting[node] = None
            return
        self._waiting.pop(node, None)
        if node in self._names:  # an item is only a part of one
            self._counts[status] = self._counts.get(status, 0) + 1
            self._ended.append((node, took_s))

    def print(self, line: str) -> None:
        """Write a line above the display."""
        self._screen.print(line)

    def close(self) -> None:
        """Take the display off the terminal."""
        self._screen.close()

    def draw(self) -> list[str]:
        """Return the display as it is now."""
        return [*self._running_lines(), *self._waiting_lines(), self._bar()]

    def _running_lines(self) -> list[str]:
        now, running = perf_counter(), list(self._running.items())
        shown = [
            node_line(name, "running", now - since, self._usual(name), self._widest, self._paper)
            for name, since in running[:_MOST_RUNNING]
        ]
        more = len(running) - len(shown)
        return [*shown, f"  and {more} more"] if more else shown

    def _usual(self, node: str) -> str:
        before = self._foretelling().usual_s(node)
        return f"took {duration(before)} before" if before is not None else ""

    def _waiting_lines(self) -> list[str]:
        waiting = list(islice(self._waiting, _MOST_WAITING))
        if not waiting:
            return []
        shown = waiting[:1]
        room = self._paper.width - len("  waiting:  and 100,000 more") - columns(shown[0])
        for name in waiting[1:]:
            room -= columns(name) + 2
            if room < 0:
                break
            shown.append(name)
        rest = len(self._waiting) - len(shown)
        text = f"  waiting: {', '.join(shown)}{f' and {rest:,} more' if rest > 0 else ''}"
        return [self._paper.paint(self._paper.fit(text, self._paper.width), dim=True)]

    def _bar(self) -> str:
        """Return how much is done: what does not fit is left out, the last first."""
        ended, total = sum(self._counts.values()), len(self._names)
        told = [f"{ended}/{total}  {duration(perf_counter() - self._since)}"]
        told += [self._left(), self._counted(), str(self._load)]
        size = _BAR_COLUMNS if self._paper.width >= _WIDE else _SHORT_BAR_COLUMNS
        room = self._paper.width - size - 2
        fitting = []
        for text in filter(None, told):
            room -= columns(text) + 2
            if room < 0:
                break
            fitting.append(text)
        done = round(size * ended / total)
        full, rest = ("#", "-") if self._paper.ascii_only else ("━", "─")
        paint = self._paper.paint
        bar = paint(full * done, fg="green") + paint(rest * (size - done), dim=True)
        return f"  {'  '.join([bar, *fitting])}"

    def _counted(self) -> str:
        counts = self._counts
        known = [status for status in STATUSES if counts.get(status)]
        return ", ".join(f"{counts[status]} {_ENDS.get(status, in_words(status))}" for status in known)

    def _left(self) -> str:
        now = perf_counter()
        running = {name: now - since for name, since in list(self._running.items())}
        left_s = self._foretelling().left_s(running, self._at_a_time)
        if left_s is None:
            return ""
        return f"about {duration(left_s) if left_s >= 60 else f'{max(round(left_s), 1)} s'} left"

    def _foretelling(self) -> Pace:
        """Return what foretells the end, having told it what has ended since."""
        pace = self._pace
        if pace is None:
            due = [step.node.name for step in self._plan.steps if step.action.value == "run"]
            if self._past is None or perf_counter() - self._since < _FORETELL_AFTER_S:
                return Pace(self._plan.pipeline, {}, {})
            pace = self._pace = Pace(self._plan.pipeline, dict.fromkeys(due), self._past(due))
        while self._ended:
            pace.ended(*self._ended.popleft())
        return pace


class _Screen:
    """Draws on the terminal, from a thread of its own, and writes lines above what it draws.

    Args:
        paper: what the terminal shows.
        draw: returns what is drawn.
    """

    def __init__(self, paper: Paper, draw: Callable[[], list[str]]) -> None:
        from rich.live import Live

        self._lines: deque[str] = deque()
        self._lock = RLock()
        self._drawing = 0
        self._console = _console(paper, self._write)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            get_renderable=lambda: _cropped(draw()),
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=True,
        )
        self._alone(lambda: self._live.start(refresh=True))
        self._over = Event()
        self._thread = Thread(target=self._work, name="mlo-display", daemon=True)
        self._thread.start()

    def print(self, line: str) -> None:
        """Write a line, the next time that all is drawn."""
        self._lines.append(line)

    def close(self) -> None:
        """Write what is left, and take the drawing off the terminal."""
        self._over.set()
        self._thread.join()
        self._write()
        self._alone(self._live.stop)

    def _work(self) -> None:
        while not self._over.wait(EVERY_S):
            self._write()
            self._alone(self._live.refresh)

    def _alone(self, draw: Callable[[], object]) -> None:
        """Draw, and write no lines meanwhile: rich then holds a lock that who writes lines waits for."""
        self._drawing = get_ident()
        try:
            draw()
        finally:
            self._drawing = 0

    def _write(self) -> None:
        """Write the lines that wait; also before what somebody else prints, so that all stands in its order."""
        if self._drawing == get_ident():
            return
        with self._lock:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            if lines:
                self._console.print(_as_they_are(lines, self._console))


def _cropped(lines: list[str]) -> Group:
    from rich.console import Group
    from rich.text import Text

    return Group(*[Text.from_ansi(line, no_wrap=True, overflow="crop") for line in lines])


def _as_they_are(lines: list[str], console: Console) -> RenderableType:
    """Return lines for `console.print`; they have their colours, and to read these takes longer than a small node."""
    if console.legacy_windows:
        from rich.text import Text

        return Text.from_ansi("\n".join(lines))
    from rich.segment import Segment, Segments

    return Segments([Segment("\n".join(lines)), Segment.line()])


def _console(paper: Paper, before: Callable[[], None]) -> Console:
    from rich.console import Console

    class Ordered(Console):
        """A console that writes what waits before anything else."""

        def print(self, *objects: Any, **options: Any) -> None:
            before()
            super().print(*objects, **options)

    return Ordered(stderr=True, highlight=False, soft_wrap=True, no_color=not paper.colour)
