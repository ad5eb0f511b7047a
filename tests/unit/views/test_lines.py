"""Plans, runs and failures as lines of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.lines import (
    Paper,
    failure_lines,
    joined,
    node_line,
    output_lines,
    own_frames,
    plan_lines,
    run_summary,
    told_reasons,
)
from mlflow_tmpl.views.runs import run_lines, runs_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

WIDE = Paper(160)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_a_plan_names_action_and_reasons_of_each_node(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    lines = list(plan_lines(project.plan(params={"amount": 2}), WIDE))
    assert lines == [
        "◆ double  reuse",
        "▶ add     run    parameter amount 1 -> 2 (params)",
        "1 to run, 1 to reuse",
    ]


def test_a_plan_of_nothing_says_so(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    assert list(plan_lines(project.plan(), WIDE))[-1] == "nothing to do: all 2 nodes are up to date"
    assert list(plan_lines(project.plan(nodes="add"), WIDE))[-1] == "nothing to do: 1 node is up to date"


def test_further_reasons_stand_below_the_first(two_steps: MadeProject) -> None:
    project = two_steps.open()
    project.run()
    (two_steps.root / "data" / "number.txt").write_text("3")
    (two_steps.root / "data" / "doubled.txt").unlink()
    lines = list(plan_lines(project.plan(force="double"), WIDE))
    assert len(lines) > 3
    assert lines[1].startswith(" " * 17)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_lines_of_a_plan_fit_the_paper(two_steps: MadeProject, width: int) -> None:
    lines = list(plan_lines(two_steps.open().plan(), Paper(width)))
    assert all(columns(line) <= width for line in lines)


def test_colour_changes_nothing_but_the_colour(two_steps: MadeProject) -> None:
    plan = two_steps.open().plan()
    coloured = list(plan_lines(plan, Paper(160, colour=True)))
    assert any("\x1b[" in line for line in coloured)
    assert [ESCAPE.sub("", line) for line in coloured] == list(plan_lines(plan, WIDE))


def test_ascii_paper_gets_ascii(two_steps: MadeProject) -> None:
    paper = Paper(30, ascii_only=True)
    project = two_steps.open()
    assert all(line.isascii() for line in plan_lines(project.plan(), paper))
    project.run()
    record = project.ledger.run("last")
    assert all(line.isascii() for line in [*run_lines(record, paper), *runs_table([record], paper)])


def test_wide_characters_take_two_columns() -> None:
    one = node_line("数据", "done", 0.5, "why", 10, WIDE)
    other = node_line("data", "done", 0.5, "why", 10, WIDE)
    assert columns(one) == columns(other)


def test_a_summary_counts_what_came_of_the_nodes(two_steps: MadeProject) -> None:
    project = two_steps.open()
    assert re.fullmatch(r"done in \S+ m?s: 2 ran", run_summary(project.run()))
    assert re.fullmatch(r"nothing to do: all 2 nodes are up to date \(.+\)", run_summary(project.run()))
    mixed = run_summary(project.run(params={"amount": 5}))
    assert re.fullmatch(r"done in \S+ m?s: 1 ran, 1 reused", mixed)


def test_a_summary_of_a_failure_says_what_did_not_start(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node(outputs="a")
            def fail() -> int:
                raise ValueError

            @node(outputs="b")
            def later(a: int) -> int:
                return a

            @node(outputs="c")
            def apart() -> int:
                return 1
            """
    ).open()
    with pytest.raises(NodeFailure) as caught:
        project.run()
    assert caught.value.result is not None
    assert run_summary(caught.value.result).endswith(": 1 failed, 1 blocked, 1 not started")


def test_outputs_are_told_by_place_or_by_what_is_in_memory(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node(outputs=["a", "bb"])
            def make() -> tuple:
                return "1", 2
            """,
        catalog="a: data/a.txt\n",
    ).open()
    assert list(output_lines(project.run(), project.catalog, WIDE)) == [
        "  a   data/a.txt",
        "  bb  int 2, in memory",
    ]


FAILURE: dict[str, Any] = {
    "message": "node 'fit' failed: KeyError: 'x'",
    "where": "nodes.py:3",
    "hint": "mend it",
    "values": {"frame": "DataFrame 2 x 1", "alpha": "float 0.5"},
    "traceback": (
        "Traceback (most recent call last):\n"
        '  File "nodes.py", line 3, in fit\n'
        "    frame['x']\n"
        '  File "/v/site-packages/pandas/core/frame.py", line 1, in get\n'
        "    raise\n"
        '  File "/v/site-packages/pandas/core/base.py", line 1, in get\n'
        "    raise\n"
        "KeyError: 'x'\n"
    ),
}


def test_a_failure_says_where_with_what_and_which_lines_of_the_user() -> None:
    assert list(failure_lines(FAILURE, WIDE)) == [
        "error: nodes.py:3: node 'fit' failed: KeyError: 'x'",
        "  with: frame: DataFrame 2 x 1, alpha: float 0.5",
        "  Traceback (most recent call last):",
        '    File "nodes.py", line 3, in fit',
        "      frame['x']",
        "    (2 frames in libraries; --traceback shows them)",
        "  KeyError: 'x'",
        "  hint: mend it",
    ]


def test_the_whole_traceback_is_shown_when_asked_for() -> None:
    whole = list(failure_lines(FAILURE, WIDE, whole=True))
    assert sum("site-packages" in line for line in whole) == 2


def test_a_traceback_of_the_users_own_frames_is_left_as_it_is() -> None:
    text = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    1 / 0\nZeroDivisionError'
    assert "\n".join(own_frames(text)) == text


def test_reasons_in_a_line_are_the_first_and_how_many_more(two_steps: MadeProject) -> None:
    reasons = two_steps.open().plan().steps[0].reasons
    assert told_reasons(()) == ""
    assert told_reasons(reasons[:1]) == "never run before"
    assert told_reasons(reasons[:1] * 3) == "never run before (and 2 more)"


def test_lines_are_joined_with_an_end_each() -> None:
    assert joined(["a", "b"]) == "a\nb\n"
