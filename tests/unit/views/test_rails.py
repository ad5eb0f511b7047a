from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.views.rails import ASCII, UNICODE, node_edges, rail_rows

from .pipelines import TEN, view


def drawn(needs, limit=20, glyphs=UNICODE):
    made = view(needs)
    mark = "*" if glyphs is ASCII else "●"
    rows = rail_rows(made, limit=limit, glyphs=glyphs)
    width = max(len(row.before + mark + row.after) for row in rows)
    return [f"{(row.before + mark + row.after).ljust(width)} {made.nodes[row.node].name}" for row in rows]


def test_a_chain_is_one_rail():
    assert drawn({"a": "", "b": "a", "c": "b"}) == ["● a", "● b", "● c"]


def test_a_diamond_branches_to_the_right_and_comes_back():
    assert drawn({"a": "", "b": "a", "c": "a", "d": "b c"}) == [
        "●   a",
        "├─● b",
        "● │ c",
        "●─╯ d",
    ]


def test_one_more_input_from_a_rail_that_goes_on_is_an_arrow_and_no_branch():
    assert drawn({"a": "", "b": "a", "c": "a b", "d": "c a"}) == [
        "●   a",
        "├─● b",
        "├▸● c",
        "●─╯ d",
    ]


def test_a_fan_out_of_ends_stays_two_rails_wide():
    assert drawn({"source": "", **{f"part{i}": "source" for i in range(4)}}) == [
        "●   source",
        "├─● part0",
        "├─● part1",
        "├─● part2",
        "●   part3",
    ]


def test_a_line_that_crosses_a_rail_without_meeting_it_leaves_the_rail_unbroken():
    needs = {"a": "", "b": "a", "c": "a", "d": "a", "e": "b c d"}
    assert drawn(needs) == [
        "●     a",
        "├─●   b",
        "├─│─● c",
        "● │ │ d",
        "●─┴─╯ e",
    ]


def test_ten_nodes_with_ascii_only():
    assert drawn(TEN, glyphs=ASCII) == [
        "*         load",
        "*         clean",
        "+-*       split",
        "| +-*     train_tree",
        "| +-|-*   train_forest",
        "| +-|-|-* train_linear",
        "| | *-'-' compare",
        "| *<+     plot",
        "* | |     describe",
        "*-'-'     report",
    ]


def test_a_node_that_needs_nothing_never_stands_right_under_another_node():
    assert drawn({"a": "", "b": "a", "c": "", "d": "c"}) == ["●   a", "●   b", "  ● c", "  ● d"]


def test_rails_beyond_the_limit_are_folded_into_one_that_counts_them():
    many = {f"s{i}": "" for i in range(8)}
    assert drawn({**many, "join": " ".join(many), "after": "join"}, limit=4) == [
        "●         s0",
        "│ ●       s1",
        "│ │ ●     s2",
        "│ │ │ ●   s3",
        "│ │ │ ● 2 s4",
        "│ │ │ ● 3 s5",
        "│ │ │ ● 4 s6",
        "│ │ │ ● 5 s7",
        "●─┴─┴─╯   join",
        "●         after",
    ]


def test_a_side_branch_follows_its_root_at_once():
    names = [
        line.split()[-1] for line in drawn({"a": "", "main": "a", "side": "a", "x": "main", "end": "x a"})
    ]
    assert names == ["a", "side", "main", "x", "end"]


@st.composite
def graphs(draw, largest=24):
    size = draw(st.integers(1, largest))
    return {
        f"n{at}": " ".join(
            f"n{need}"
            for need in sorted(draw(st.sets(st.integers(0, at - 1), max_size=4) if at else st.just(set())))
        )
        for at in range(size)
    }


@given(graphs(), st.integers(2, 8))
@settings(max_examples=150, deadline=None)
def test_every_node_has_one_line_after_all_that_it_needs(needs, limit):
    made = view(needs)
    rows = rail_rows(made, limit=limit)
    order = [row.node for row in rows]
    assert sorted(order) == list(range(len(needs)))
    at = {node: line for line, node in enumerate(order)}
    for node, direct in enumerate(node_edges(made)[0]):
        assert all(at[need] < at[node] for need in direct)


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_rails_tell_the_edges_of_the_graph(needs):
    """Follow the lines of a drawing without folds: what each node is joined to is what it needs."""
    made = view(needs)
    wanted = {node: set(direct) for node, direct in enumerate(node_edges(made)[0])}
    assert edges_read_off(rail_rows(made, limit=200)) == wanted


def edges_read_off(rows):
    """Return for each node the nodes whose rails its line meets or that end right above it."""
    rails: dict[int, int] = {}
    found = {}
    for row, following in pairwise([*rows, None]):
        line = row.before + "●" + row.after
        mark = len(row.before)
        met = {mark} if mark in rails else set()
        met |= {at for at in reach(line, mark) if line[at] in "├┤┼┴╯╰"}
        found[row.node] = {rails[at] for at in met}
        for at in [at for at in met if line[at] in "┴╯╰●"]:
            rails.pop(at, None)
        if mark < len(row.below) and row.below[mark] == "│":
            rails[mark] = row.node
        assert {at for at, cell in enumerate(row.below) if cell == "│"} == set(rails)
        assert following is None or following.node != row.node
    return found


def reach(line, mark):
    """Yield the columns that the horizontal line through a mark comes to; it passes behind plain rails."""
    for step in (-2, 2):
        at = mark
        while 0 <= at + step < len(line) and line[at + step // 2] in "─▸◂":
            at += step
            yield at


@pytest.mark.parametrize("size", [2000])
def test_a_pipeline_of_thousands_is_drawn_without_recursion(size):
    chain = {f"n{at}": f"n{at - 1}" if at else "" for at in range(size)}
    assert [row.before + row.after for row in rail_rows(view(chain), limit=4)] == [""] * size
