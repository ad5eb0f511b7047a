from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.views.cells import columns
from mlflow_tmpl.views.graph import LastRun, RunView
from mlflow_tmpl.views.terminal import draw

from .pipelines import TEN, TEN_LAST, sixty, view
from .test_rails import graphs

SNAPSHOTS = Path(__file__).parent / "snapshots"


def test_ten_nodes_with_their_last_run():
    made = replace(view(TEN, TEN_LAST), run=RunView("0193ab3c-1d2e-7fff", "failed"))
    assert draw(made) == dedent("""\
        demo  10 nodes, last run 0193ab3c-1d2e failed
        ◆          load           12 ms  reused   ← raw_load
        ◆          clean          30 ms  reused
        ├─●        split          44 ms  done
        │ ├─●      train_tree     1.2 s  done
        │ ├─│─●    train_forest  1m 23s  done
        │ ├─│─│─✗  train_linear  400 ms  failed   ValueError: input contains NaN
        │ │ □─┴─╯  compare               blocked
        │ □◂┤      plot                  blocked
        ● │ │      describe      200 ms  done
        □─┴─╯      report                blocked  → report_out
        """)


def test_ten_nodes_that_were_never_run_have_no_columns_for_it():
    assert draw(view(TEN)) == dedent("""\
        demo  10 nodes
        ○          load          ← raw_load
        ○          clean
        ├─○        split
        │ ├─○      train_tree
        │ ├─│─○    train_forest
        │ ├─│─│─○  train_linear
        │ │ ○─┴─╯  compare
        │ ○◂┤      plot
        ○ │ │      describe
        ○─┴─╯      report        → report_out
        """)


@pytest.mark.parametrize("width", [80, 60])
def test_sixty_nodes_are_as_they_were_looked_at(width):
    last = {name: LastRun("done", 0.1 * len(name)) for name in sixty()}
    drawing = draw(view(sixty(), last), width=width)
    assert drawing == (SNAPSHOTS / f"sixty_{width}.txt").read_text(encoding="utf-8")
    assert len(drawing.splitlines()) <= 72


def test_a_namespace_is_a_heading_over_short_names():
    needs = {"load": "", "prep.clean": "load", "prep.split": "prep.clean", "fit": "prep.split"}
    assert draw(view(needs)) == dedent("""\
        demo  4 nodes
        ○  load     ← raw_load
        │  prep
        ○    clean
        ○    split
        ○  fit      → fit_out
        """)


def test_names_are_written_in_full_where_namespaces_change_all_the_time():
    needs = {"a.x": "", "b.y": "a.x", "a.z": "b.y"}
    assert [line.split()[1] for line in draw(view(needs)).splitlines()[1:]] == ["a.x", "b.y", "a.z"]


def test_a_status_that_is_not_known_is_shown_as_text():
    assert (
        draw(view({"a": ""}, {"a": LastRun("half_done")})).splitlines()[1]
        == "?  a  half done  ← raw_a  → a_out"
    )


def test_no_colour_is_written_unless_asked_for():
    made = view(TEN, TEN_LAST)
    assert "\x1b" not in draw(made)
    assert "\x1b[32m" in draw(made, colour=True)


def test_ascii_is_ascii_in_every_line():
    assert draw(view(TEN, TEN_LAST), ascii_only=True, width=60).isascii()


def test_more_than_forty_rails_fit_eighty_columns():
    many = {f"source_{at:02}": "" for at in range(50)}
    lines = draw(view({**many, "join": " ".join(many)})).splitlines()
    assert len(lines) == 52
    assert max(map(columns, lines)) <= 80
    assert any(" 34  source_49" in line for line in lines)


@given(graphs(12), st.integers(20, 100), st.booleans(), st.text("ab数é", min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_line_is_wider_than_asked(needs, width, ascii_only, name):
    made = view(needs, {"n0": LastRun("timed_out", 5000.0, error="x" * 300)})
    first = replace(made.nodes[0], name=name, short_name=name)
    lines = draw(
        replace(made, nodes=(first, *made.nodes[1:])), width=width, ascii_only=ascii_only
    ).splitlines()
    assert len(lines) == len(needs) + 1
    assert max(map(columns, lines)) <= width
