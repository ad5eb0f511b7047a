"""When the end of a run is to be expected."""

from __future__ import annotations

import pytest

from mlflow_tmpl import Node, Pipeline
from mlflow_tmpl.views.pace import Pace


def nothing() -> int:
    return 1


NODES = [Node(nothing, None, "x", name="first"), Node(lambda x: x, "x", "w", name="second")]
CHAIN = Pipeline([*NODES, Node(lambda w: w, "w", "z", name="third")])
ALL = dict.fromkeys(["first", "second", "third"])
PAST = {"first": 10.0, "second": 20.0, "third": 30.0}


def test_at_the_begin_all_is_left() -> None:
    assert Pace(CHAIN, ALL, PAST).left_s({}, 1) == 60


def test_what_a_node_has_done_of_its_usual_time_is_taken_off_and_no_more() -> None:
    pace = Pace(CHAIN, ALL, PAST)
    assert pace.left_s({"first": 4.0}, 1) == 56
    assert pace.left_s({"first": 400.0}, 1) == 50


def test_several_at_a_time_are_no_faster_than_the_longest_path() -> None:
    assert Pace(CHAIN, ALL, PAST).left_s({}, 8) == 60
    wide = Pipeline([Node(nothing, None, f"v{n}", name=f"n{n}") for n in range(8)])
    past = {f"n{n}": 10.0 for n in range(8)}
    pace = Pace(wide, dict.fromkeys(past), past)
    assert pace.left_s({"n0": 0.0, "n1": 0.0}, 2) == 40


def test_nodes_that_take_twice_as_long_as_before_are_expected_to_go_on_like_that() -> None:
    pace = Pace(CHAIN, ALL, PAST)
    pace.ended("first", 20.0)
    assert pace.left_s({}, 1) == pytest.approx(100)


def test_a_node_that_was_reused_after_all_is_no_work_and_says_nothing_of_the_pace() -> None:
    pace = Pace(CHAIN, ALL, PAST)
    pace.ended("first", 0.0)
    assert pace.left_s({}, 1) == 50


def test_a_node_that_never_ran_counts_as_the_others_do() -> None:
    pace = Pace(CHAIN, ALL, {"first": 10.0, "second": 30.0})
    assert pace.left_s({}, 1) == 60
    assert pace.usual_s("third") is None


def test_nothing_is_foretold_where_little_is_known_or_nothing_is_left() -> None:
    assert Pace(CHAIN, ALL, {"first": 10.0}).left_s({}, 1) is None
    assert Pace(CHAIN, {}, {}).left_s({}, 1) is None
    pace = Pace(CHAIN, {"third": None}, PAST)
    assert pace.left_s({"third": 31.0}, 1) is None


def test_what_is_not_due_takes_no_time() -> None:
    assert Pace(CHAIN, {"third": None}, PAST).left_s({}, 1) == 30
