from __future__ import annotations

import re
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
        demo  10 nodes, last run 0193ab3c-1d2e failed: 1 failed, 3 blocked, 4 done, 2 r…
        ◆        load           12 ms  reused   ← raw_load
        ◆        clean          30 ms  reused
        ├─●      split          44 ms  done
        │ ├─●▸╮  train_tree     1.2 s  done
        │ ├─●▸┤  train_forest  1m 23s  done
        │ ├─✗▸┤  train_linear  400 ms  failed   ValueError: input contains NaN
        │ │ □─╯  compare               blocked
        │ □◂┤    plot                  blocked
        ● │ │    describe      200 ms  done
        □─┴─╯    report                blocked  → report_out
        """)


def test_ten_nodes_that_were_never_run_have_no_columns_for_it():
    assert draw(view(TEN)) == dedent("""\
        demo  10 nodes
        ○        load          ← raw_load
        ○        clean
        ├─○      split
        │ ├─○▸╮  train_tree
        │ ├─○▸┤  train_forest
        │ ├─○▸┤  train_linear
        │ │ ○─╯  compare
        │ ○◂┤    plot
        ○ │ │    describe
        ○─┴─╯    report        → report_out
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
    lines = draw(view({**many, "join": " ".join(many), "again": " ".join(many)})).splitlines()
    assert len(lines) == 53
    assert max(map(columns, lines)) <= 80
    assert any(" 34  source_49" in line for line in lines)


def test_under_a_heading_datasets_of_the_namespace_go_by_their_short_names_too():
    lines = draw(view({"a": "", "prep.b": "a"})).splitlines()
    assert lines[-1] == "○    b  → b_out"


def test_why_a_node_ran_stands_before_what_enters_and_leaves():
    last = {"a": LastRun("done", 0.1, reasons=("code changed: a.py:3", "more")), "b": LastRun("done", 0.1)}
    assert draw(view({"a": "", "b": "a"}, last)).splitlines()[1:] == [
        "●  a  100 ms  done  code changed: a.py:3 (and 1 more)  ← raw_a",
        "●  b  100 ms  done  → b_out",
    ]


def test_a_node_that_was_begun_more_than_once_says_so():
    last = {"a": LastRun("done", 0.1, reasons=("forced",), attempt=3)}
    assert draw(view({"a": ""}, last)).splitlines()[1].endswith("done  attempt 3; forced  ← raw_a  → a_out")


def test_a_reason_that_all_nodes_share_is_not_said_of_each():
    last = dict.fromkeys("ab", LastRun("done", 0.1, reasons=("never run before",)))
    assert "never" not in draw(view({"a": "", "b": "a"}, last))


def test_names_begin_in_one_column_where_rails_are_few_and_follow_them_where_they_are_many():
    few = draw(view(TEN)).splitlines()[1:]
    assert {re.search(r"  (?=[a-z])", line).end() for line in few} == {9}
    many = {f"s{at}": "" for at in range(9)}
    lines = draw(view({**many, "join": " ".join(many), "last": f"join {' '.join(many)}"})).splitlines()
    assert lines[8].startswith("│ │ │ │ │ │ │ ○  s7 ")
    assert lines[1].startswith("○             s0 ")


def test_what_a_terminal_would_obey_is_shown_and_not_sent():
    last = {"a": LastRun("failed", 0.1, error="\x1b]0;owned\x07 \u202egood")}
    assert draw(view({"a": ""}, last)).endswith("failed  \\x1b]0;owned\\x07 \\u202egood\n")


def test_what_must_not_be_seen_is_masked_before_it_is_cut():
    last = {"a": LastRun("failed", 0.1, error="no such user: hush-hush-hush")}
    drawn = draw(view({"a": ""}, last), width=40, mask=lambda text: text.replace("hush-hush-hush", "***"))
    assert drawn.endswith("no such user: ***\n")


@pytest.mark.parametrize("needs", [
    {"a": "", **{f"n{at}": f"n{at - 1}" if at else "a" for at in range(30)}},
    {"a": "", "b": "a", "c": "a", "d": "b c", "e": "d", "f": "d", "g": "e f"},
    {"a": "", **{f"n{at}": "a" for at in range(40)}, "z": " ".join(f"n{at}" for at in range(40))},
    {f"l{layer}n{at}": " ".join(f"l{layer - 1}n{way % 4}" for way in (at, at + 1)) if layer else ""
     for layer in range(12) for at in range(4)},
], ids=["chain", "diamonds", "fan-out", "layers"])  # fmt: skip
@pytest.mark.parametrize("ascii_only", [False, True])
def test_each_node_has_a_line_that_fits_any_terminal(needs, ascii_only):
    made = view(needs, {name: LastRun("done", 3725, reasons=("x" * 90,)) for name in list(needs)[::2]})
    for width in range(40, 201):
        lines = draw(made, width=width, ascii_only=ascii_only).splitlines()
        assert len(lines) == len(needs) + 1
        assert max(map(columns, lines)) <= width
        assert not ascii_only or all(line.isascii() for line in lines)
        assert all(any(fit in line for line in lines) for fit in ("done", "1h 02m"))


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@given(graphs(12), st.integers(20, 200), st.booleans(), texts, st.sampled_from(["", "sp", "数据.é"]))
@settings(max_examples=150, deadline=None)
def test_no_line_is_wider_than_asked(needs, width, ascii_only, name, space):
    made = view(needs, {"n0": LastRun("timed_out", 5000.0, error=name * 9), "n1": LastRun(name)})
    first = replace(made.nodes[0], name=name, short_name=name, namespace=space, reasons=(name,))
    lines = draw(
        replace(made, title=name, nodes=(first, *made.nodes[1:])), width=width, ascii_only=ascii_only
    ).split("\n")[:-1]
    assert len(lines) == len(needs) + 1 + bool(space)
    assert max(map(columns, lines)) <= width
    assert all(line.isprintable() for line in lines)
    assert not ascii_only or all(line.isascii() for line in lines)
