"""The order in which ready nodes start, and the engine that `auto` picks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl import Node, NodeOptions, Pipeline
from mlflow_tmpl.engine.choosing import choose
from mlflow_tmpl.engine.paths import path_lengths, ranks, widest
from mlflow_tmpl.engine.way import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def wired(nodes: Mapping[str, Sequence[str]], **options: NodeOptions) -> Pipeline:
    """Return a pipeline from node to the nodes that it takes from."""

    def call(*values: object) -> int:
        return len(values)

    return Pipeline(
        [
            Node(call, list(needs), name, name=name, options=options.get(name, NodeOptions()))
            for name, needs in nodes.items()
        ]
    )


DIAMOND = wired({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"], "e": []})


def order(pipeline: Pipeline, seconds: Mapping[str, float]) -> str:
    found = ranks(pipeline, seconds)
    assert found is not None
    return "".join(
        node.name for _, node in sorted(zip(found, pipeline.nodes, strict=True), key=lambda pair: pair[0])
    )


def test_a_path_is_as_long_as_its_longest_way_down() -> None:
    assert path_lengths(DIAMOND, {"a": 1, "b": 5, "c": 2, "d": 1, "e": 4}) == [7, 6, 3, 1, 4]


def test_a_node_that_nobody_has_timed_counts_as_the_median_of_the_others() -> None:
    assert path_lengths(DIAMOND, {"a": 1, "b": 3, "c": 9})[3:] == [3, 3]


def test_the_head_of_the_longest_path_comes_first_and_equals_stay_in_order() -> None:
    assert order(DIAMOND, {"a": 1, "b": 2, "c": 5, "d": 1, "e": 100}) == "eacbd"
    assert order(DIAMOND, {"a": 1, "b": 2, "c": 2, "d": 1, "e": 1}) == "abcde"


def test_a_priority_weighs_more_than_any_path() -> None:
    pipeline = wired({"a": [], "b": ["a"], "c": []}, c=NodeOptions(priority=1))
    assert order(pipeline, {"a": 9, "b": 9, "c": 1}) == "cab"
    assert order(pipeline, {}) == "cab"


def test_without_history_and_priorities_the_order_is_that_of_the_pipeline() -> None:
    assert ranks(DIAMOND, {}) is None


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.data())
def test_no_node_ranks_before_one_that_it_needs_and_that_takes_time(
    tens: list[int], data: st.DataObject
) -> None:
    nodes: dict[str, list[str]] = {}
    for number, _ in enumerate(tens):
        known = sorted(nodes)
        nodes[f"n{number:02}"] = data.draw(st.lists(st.sampled_from(known), unique=True)) if known else []
    pipeline = wired(nodes)
    found = ranks(pipeline, {name: 1.0 + ten for name, ten in zip(nodes, tens, strict=True)})
    assert found is not None
    assert sorted(found) == list(range(len(pipeline)))
    for position, needs in enumerate(pipeline.needs):
        assert all(found[need] < found[position] for need in needs)


def test_the_width_counts_only_what_is_due() -> None:
    assert widest(DIAMOND, [True] * 5) == 2
    assert widest(DIAMOND, [False, True, True, False, True]) == 3
    assert widest(DIAMOND, [False] * 5) == 0


FAN = wired({"a": [], **{f"w{number}": ["a"] for number in range(4)}})
SLOW, QUICK = dict.fromkeys([node.name for node in FAN], 5.0), dict.fromkeys([node.name for node in FAN], 0.1)
LIMITED = wired({"a": [], "b": ["a"]}, b=NodeOptions(timeout_s=5))


@pytest.mark.parametrize(
    ("pipeline", "seconds", "jobs", "cpus", "choice"),
    [
        (FAN, SLOW, None, 4, Choice("processes", "as 4 at a time save some 15.0 s")),
        (FAN, SLOW, 2, 8, Choice("processes", "as 2 at a time save some 12.5 s")),
        (FAN, QUICK, None, 4, Choice("inline", "as 4 at a time save some 0.3 s, too little for workers")),
        (FAN, QUICK, 3, 4, Choice("threads", "as 3 at a time save some 0.3 s, too little for workers")),
        (FAN, SLOW, 1, 4, Choice("inline", "as one job is asked for")),
        (FAN, SLOW, None, 1, Choice("inline", "as there is one processor")),
        (
            FAN,
            {},
            None,
            4,
            Choice("inline", "as nobody knows yet how long the 4 nodes take that can run at the same time"),
        ),
        (
            FAN,
            {},
            2,
            4,
            Choice("threads", "as nobody knows yet how long the 4 nodes take that can run at the same time"),
        ),
        (
            wired({"a": [], "b": ["a"]}),
            {"a": 99},
            4,
            4,
            Choice("inline", "as no two nodes can run at the same time"),
        ),
        (
            LIMITED,
            {},
            None,
            4,
            Choice("processes", "as node 'b' has a time limit, which only workers can be held to"),
        ),
    ],
)
def test_auto_says_what_it_picked_and_why(
    pipeline: Pipeline, seconds: Mapping[str, float], jobs: int | None, cpus: int, choice: Choice
) -> None:
    assert choose(pipeline, [True] * len(pipeline), jobs, lambda _: seconds, cpus) == choice


def test_nodes_that_name_an_engine_have_no_say_in_the_choice() -> None:
    named = FAN.with_options(lambda node: NodeOptions(engine="dask") if node.name != "a" else node.options)
    assert choose(named, [True] * 5, None, lambda _: SLOW, 4).engine == "inline"
