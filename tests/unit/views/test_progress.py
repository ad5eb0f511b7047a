"""A run while it is under way, as lines and on a terminal."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.views.board import Board
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.progress import Display, Lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.project import Project
    from tests.conftest import MadeProject

PAPER = Paper(120)


def told(project: Project, paper: Paper = PAPER, **options: Any) -> list[str]:
    """Run, and return the lines; durations are of no interest."""
    lines: list[str] = []
    project.run(listeners=[Lines(lines.append, paper)], **{"engine": "inline", **options})
    return lines


def test_each_node_that_ran_has_a_line_with_its_reason(two_steps: MadeProject) -> None:
    head, first, second = told(two_steps.open())
    assert head.startswith("run 0")
    assert head.endswith(": 2 to run")
    assert first.startswith("● double ")
    assert first.endswith(" ms  never run before")
    assert second.startswith("● add ")


def test_a_run_that_reuses_everything_says_nothing(two_steps: MadeProject) -> None:
    project = two_steps.open()
    told(project)
    assert told(project) == []


def test_ascii_alone_where_a_stream_shows_no_more(two_steps: MadeProject) -> None:
    assert all(line.isascii() for line in told(two_steps.open(), Paper(40, ascii_only=True)))


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_no_line_is_wider_than_the_paper(two_steps: MadeProject, width: int) -> None:
    lines = told(two_steps.open(), Paper(width), engine="auto")
    assert lines[1].startswith("  engine: inline, as no ")
    assert all(len(line) <= width for line in lines[1:])


def test_rows_are_counted_where_there_are_any(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            import pandas as pd

            @node(outputs="frame")
            def make() -> pd.DataFrame:
                return pd.DataFrame({"x": range(12345)})
            """,
        catalog="frame: data/frame.csv\n",
    ).open()
    assert told(project)[1].endswith("12,345 rows; never run before")


def test_what_a_node_without_outputs_returns_is_worth_a_warning(
    make_project: Callable[..., MadeProject],
) -> None:
    project = make_project(
        nodes="""
            @node
            def check() -> list:
                return [1, 2]
            """
    ).open()
    assert told(project)[2] == "  warning: node 'check' declares no outputs and returned list of 2"


def test_an_input_that_changed_meanwhile_is_worth_a_warning(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            from pathlib import Path

            @node(outputs="first")
            def disturb(*, folder: str) -> str:
                Path(folder, "raw.txt").write_text("other")
                return ""

            @node(outputs="second")
            def take(raw: str, first: str) -> str:
                return raw
            """,
        catalog="raw: data/raw.txt\nsecond: data/second.txt\n",
        files={"data/raw.txt": "one"},
        parameters="folder: ''\n",
    )
    lines = told(project.open(), params={"folder": str(project.root / "data")})
    assert "  warning: 'raw' changed while the run was under way; the next run looks again" in lines


def test_a_failure_and_what_it_blocks_have_lines(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node(outputs="a")
            def fail() -> int:
                raise ValueError

            @node(outputs="b")
            def later(a: int) -> int:
                return a
            """
    ).open()
    lines: list[str] = []
    with pytest.raises(NodeFailure):
        project.run(engine="inline", listeners=[Lines(lines.append, PAPER)])
    assert lines[1].startswith("✗ fail ")
    assert lines[2].startswith("□ later ")
    assert "blocked" in lines[2]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Return what puts a terminal in the place of stderr; pytest puts its own there before each test."""

    def put() -> Terminal:
        made = Terminal()
        monkeypatch.setattr(sys, "stderr", made)
        monkeypatch.setenv("TERM", "xterm")
        return made

    return put


def test_a_display_is_closed_however_the_run_ends(
    make_project: Callable[..., MadeProject], on_terminal: Callable[[], Terminal]
) -> None:
    terminal = on_terminal()
    project = make_project(
        nodes="""
            @node(outputs="a")
            def stop() -> int:
                raise KeyboardInterrupt
            """
    ).open()
    with pytest.raises(KeyboardInterrupt):
        project.run(listeners=[Display(Paper(80, colour=True))])
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 1


def test_a_display_of_a_run_that_reuses_everything_shows_nothing(
    two_steps: MadeProject, on_terminal: Callable[[], Terminal]
) -> None:
    terminal = on_terminal()
    project = two_steps.open()
    project.run()
    project.run(listeners=[Display(Paper(80))])
    assert terminal.getvalue() == ""


@pytest.fixture
def board(make_project: Callable[..., MadeProject]) -> Any:
    """The board of a run of 30 nodes, closed again."""
    nodes = "".join(
        f"\n@node(outputs='v{n}')\ndef step_{n:02}_with_a_name_of_some_length() -> int:\n    return {n}\n"
        for n in range(30)
    )
    made = Board(make_project(nodes=nodes).open().plan(), Paper(60))
    made.close()
    return made


def drawn(board: Board) -> list[str]:
    return board.draw()


def test_the_board_names_what_waits_and_how_much_is_done(board: Board) -> None:
    waiting, bar = drawn(board)
    assert waiting == "  waiting: step_00_with_a_name_of_some_length and 29 more"
    assert bar.startswith(f"  {'─' * 12}  0/30  ")


def test_the_board_names_what_runs_and_keeps_to_half_a_terminal(board: Board) -> None:
    for n in range(20):
        board.start(f"step_{n:02}_with_a_name_of_some_length")
    lines = drawn(board)
    assert lines[0].startswith("▶ step_00_with_a_name_of_some_length ")
    assert lines[12] == "  and 8 more"
    assert len(lines) == 15
    assert all(len(line) <= 60 for line in lines)


def test_the_bar_is_full_when_all_has_ended_and_says_what_came_of_it(board: Board) -> None:
    for n in range(30):
        board.finish(f"step_{n:02}_with_a_name_of_some_length", "done" if n < 20 else "reused")
    (bar,) = drawn(board)
    assert bar.startswith(f"  {'━' * 12}  30/30  ")
    assert "  20 ran, 10 reused" in bar
    assert len(bar) <= 60


def test_a_node_that_is_called_again_waits_and_has_not_ended(board: Board) -> None:
    name = "step_00_with_a_name_of_some_length"
    board.start(name)
    board.finish(name, "retried")
    waiting, bar = drawn(board)
    assert "and 29 more" in waiting
    assert "  0/30  " in bar


def test_the_end_is_foretold_once_a_run_has_gone_on_for_a_while(
    two_steps: MadeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = two_steps.open().plan()
    asked: list[list[str]] = []

    def past(names: Any) -> dict[str, float]:
        asked.append(list(names))
        return {"double": 60.0, "add": 30.0}

    made = Board(plan, Paper(120), past)
    made.close()
    made.start("double")
    assert "left" not in drawn(made)[-1]
    assert asked == []
    monkeypatch.setattr("mlflow_tmpl.views.board._FORETELL_AFTER_S", 0.0)
    running, _, bar = drawn(made)
    assert running.endswith("took 1m 00s before")
    assert "about 1m 30s left" in bar
    made.finish("double", "done", 60.0)
    assert "about 30 s left" in drawn(made)[-1]
    assert asked == [["double", "add"]]


def test_all_lines_are_written_in_their_order_with_what_nodes_print(
    make_project: Callable[..., MadeProject], on_terminal: Callable[[], Terminal]
) -> None:
    told = "sys.stderr.write('printed {n:03}\\n')"
    step = f"\n@node(outputs='v{{n}}')\ndef step{{n:03}}() -> int:\n    {told}\n    return {{n}}\n"
    nodes = "import sys\n" + "".join(step.format(n=n) for n in range(60))
    project = make_project(nodes=nodes).open()
    terminal = on_terminal()
    project.run(engine="inline", listeners=[Display(Paper(80))])
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    found = re.findall(r"printed (\d+)\n|● step(\d+) ", plain)
    assert found == [pair for n in range(60) for pair in ((f"{n:03}", ""), ("", f"{n:03}"))]
