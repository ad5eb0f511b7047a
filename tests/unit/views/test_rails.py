from __future__ import annotations

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
    needs = {"a": "", "b": "a", "c": "a", "d": "a", "e": "b c d", "f": "b c d"}
    assert drawn(needs) == [
        "●       a",
        "├─●     b",
        "├─│─●   c",
        "● │ │   d",
        "├─┼─┼─● e",
        "●─┴─╯   f",
    ]


def test_what_many_give_to_one_goes_there_on_one_rail():
    fits = [f"fit{at}" for at in range(5)]
    assert drawn({"a": "", **dict.fromkeys(fits, "a"), "best": " ".join(fits), "report": "best a"}) == [
        "●     a",
        "├─●▸╮ fit0",
        "├─●▸┤ fit1",
        "├─●▸┤ fit2",
        "├─●▸┤ fit3",
        "├─●▸┤ fit4",
        "│ ●─╯ best",
        "●─╯   report",
    ]


def test_sources_that_share_a_rail_stand_in_one_column():
    assert drawn({"a": "", "b": "", "c": "", "d": "a b c"}) == ["●▸╮ a", "●▸┤ b", "●▸┤ c", "●─╯ d"]


def test_branches_that_come_together_at_the_end_are_drawn_alike():
    needs = {}
    for at in range(3):
        needs |= {f"load{at}": "", f"fit{at}": f"load{at}", f"tell{at}": f"fit{at} load{at}"}
    assert drawn({**needs, "join": "tell0 tell1 tell2"}) == [
        *("●     load0", "├─●   fit0", "╰─●▸╮ tell0"),
        *("●   │ load1", "├─● │ fit1", "╰─●▸┤ tell1"),
        *("●   │ load2", "├─● │ fit2", "╰─●▸┤ tell2"),
        "●───╯ join",
    ]


def test_ten_nodes_with_ascii_only():
    assert drawn(TEN, glyphs=ASCII) == [
        "*       load",
        "*       clean",
        "+-*     split",
        "| +-*>. train_tree",
        "| +-*>+ train_forest",
        "| +-*>+ train_linear",
        "| | *-' compare",
        "| *<+   plot",
        "* | |   describe",
        "*-'-'   report",
    ]


def test_a_node_that_needs_nothing_never_stands_right_under_another_node():
    assert drawn({"a": "", "b": "a", "c": "", "d": "c"}) == ["●   a", "●   b", "  ● c", "  ● d"]


def test_rails_beyond_the_limit_are_folded_into_one_that_counts_them():
    many = {f"s{i}": "" for i in range(8)}
    all_of_them = " ".join(many)
    assert drawn({**many, "join": all_of_them, "after": f"join {all_of_them}"}, limit=4) == [
        "●         s0",
        "│ ●       s1",
        "│ │ ●     s2",
        "│ │ │ ●   s3",
        "│ │ │ ● 2 s4",
        "│ │ │ ● 3 s5",
        "│ │ │ ● 4 s6",
        "│ │ │ ● 5 s7",
        "├─┼─┼─● 6 join",
        "●─┴─┴─╯   after",
    ]


def test_a_side_branch_follows_its_root_at_once():
    names = [
        line.split()[-1] for line in drawn({"a": "", "main": "a", "side": "a", "x": "main", "end": "x a"})
    ]
    assert names == ["a", "side", "main", "x", "end"]


@st.composite
def graphs(draw, largest=24):
    size = draw(st.integers(1, largest))
    needs = [draw(st.sets(st.integers(0, at - 1), max_size=4)) if at else set() for at in range(size)]
    taken = set().union(*needs)
    loose = [at for at in range(size - 1) if at not in taken]
    needs[-1] |= set(loose[: draw(st.integers(0, size))])  # so that many lead to one alone
    return {f"n{at}": " ".join(f"n{need}" for need in sorted(wanted)) for at, wanted in enumerate(needs)}


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
    rails: dict[int, set[int]] = {}
    found = {}
    for row in rows:
        line = row.before + "●" + row.after
        mark = len(row.before)
        gives = line[mark + 1 : mark + 2] == "▸"
        met = {mark} if mark in rails else set()
        met |= {at for at in reach(line, mark, (-2,) if gives else (-2, 2)) if line[at] in "├┤┼┴╯╰"}
        found[row.node] = {need for at in met for need in rails[at]}
        for at in [at for at in met if line[at] in "┴╯╰●"]:
            rails.pop(at, None)
        if gives:
            (outlet,) = [at for at in reach(line, mark, (2,)) if line[at] in "┤╮"]
            assert (line[outlet] == "╮") == (outlet not in rails)
            rails.setdefault(outlet, set()).add(row.node)
        elif mark < len(row.below) and row.below[mark] == "│":
            rails[mark] = {row.node}
        assert {at for at, cell in enumerate(row.below) if cell == "│"} == set(rails)
    return found


def reach(line, mark, steps):
    """Yield the columns that the horizontal line through a mark comes to; it passes behind plain rails."""
    for step in steps:
        at = mark
        while 0 <= at + step < len(line) and line[at + step // 2] in "─▸◂":
            at += step
            yield at


@pytest.mark.parametrize("size", [2000])
def test_a_pipeline_of_thousands_is_drawn_without_recursion(size):
    chain = {f"n{at}": f"n{at - 1}" if at else "" for at in range(size)}
    assert [row.before + row.after for row in rail_rows(view(chain), limit=4)] == [""] * size
