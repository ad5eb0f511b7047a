from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.pipeline.order import CycleError, order, reach


@st.composite
def graphs(draw: st.DrawFn, *, cyclic: bool = False) -> list[list[int]]:
    """For each of some items the items that it needs, in any order given."""
    count = draw(st.integers(1, 12))
    rank = draw(st.permutations(range(count)))
    needs: list[list[int]] = []
    for item in range(count):
        others = [other for other in range(count) if cyclic or rank[other] < rank[item]]
        needs.append(draw(st.lists(st.sampled_from(others), unique=True, max_size=4)) if others else [])
    return needs


@given(graphs())
def test_each_comes_once_and_after_what_it_needs(needs: list[list[int]]) -> None:
    place = {item: index for index, item in enumerate(order(needs))}
    assert sorted(place) == list(range(len(needs)))
    assert all(place[need] < place[item] for item, direct in enumerate(needs) for need in direct)


@given(graphs())
def test_an_order_that_can_stay_stays(needs: list[list[int]]) -> None:
    ordered = order(needs)
    moved = {item: index for index, item in enumerate(ordered)}
    assert order([[moved[need] for need in needs[item]] for item in ordered]) == list(range(len(needs)))


@given(graphs())
def test_an_item_moves_only_for_one_that_needs_it(needs: list[list[int]]) -> None:
    """What comes before an item that stood after it is needed by the item, or by something between."""
    place = {item: index for index, item in enumerate(order(needs))}
    feeds: list[list[int]] = [[] for _ in needs]
    for item, direct in enumerate(needs):
        for need in direct:
            feeds[need].append(item)
    for item in range(len(needs)):
        followers = reach([item], lambda position: feeds[position])
        for other in range(item):
            if place[item] < place[other]:
                assert any(follower <= other for follower in followers)


def test_an_item_comes_just_before_the_first_that_needs_it() -> None:
    assert order([[], [3], [], []]) == [0, 3, 1, 2]


@given(graphs(cyclic=True))
def test_a_cycle_is_shown_as_a_path_that_is_there(needs: list[list[int]]) -> None:
    try:
        ordered = order(needs)
    except CycleError as error:
        path = error.path
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1
        assert all(need in needs[item] for item, need in itertools.pairwise(path))
    else:
        assert len(ordered) == len(needs)


def test_an_item_that_needs_itself_is_a_cycle() -> None:
    with pytest.raises(CycleError) as refused:
        order([[], [1]])
    assert refused.value.path == [1, 1]


def test_a_long_chain_given_backwards_is_no_recursion() -> None:
    count = 50_000
    needs = [[item + 1] for item in range(count - 1)] + [[]]
    assert order(needs) == list(reversed(range(count)))


@given(graphs())
def test_what_is_reached_is_closed(needs: list[list[int]]) -> None:
    found = reach([0], lambda item: needs[item])
    assert 0 in found
    assert all(need in found for item in found for need in needs[item])


def test_each_item_is_looked_at_once() -> None:
    asked: list[int] = []

    def neighbours(item: int) -> list[int]:
        asked.append(item)
        return [min(item + 1, 9), min(item + 2, 9)]

    reach([0, 0, 3], neighbours)
    assert sorted(set(asked)) == list(range(10))
    assert len(asked) <= 11
