from __future__ import annotations

import pytest

from mlflow_tmpl import MloError
from mlflow_tmpl.asked import overriding, told_apart
from mlflow_tmpl.project.sweeping import points_of


def points(params, over=None):
    asked, _ = told_apart(params, {})
    return [
        (at, {key: leaf.plain() for value in overriding(each.params) for key, leaf in value.leaves()})
        for at, each in points_of(asked, over)
    ]


def test_several_lists_make_a_grid_whose_last_one_changes_fastest():
    assert [at for at, _ in points({"a": [1, 2], "b.c": ["x", "y"]})] == [
        {"a": 1, "b.c": "x"},
        {"a": 1, "b.c": "y"},
        {"a": 2, "b.c": "x"},
        {"a": 2, "b.c": "y"},
    ]


def test_what_is_no_list_is_the_same_at_each_point():
    assert points({"a": [1, 2], "b": {"c": 3}}) == [
        ({"a": 1}, {"a": 1, "b.c": 3}),
        ({"a": 2}, {"a": 2, "b.c": 3}),
    ]


def test_a_list_of_lists_gives_lists():
    assert [each for _, each in points({"a": [[1, 2], [3]]})] == [{"a": [1, 2]}, {"a": [3]}]


def test_lists_that_are_not_named_are_values():
    assert points({"a": [1, 2], "b": [3]}, over=["b"]) == [({"b": 3}, {"a": [1, 2], "b": 3})]


def test_later_values_of_a_parameter_take_the_place_of_earlier_ones():
    from mlflow_tmpl.config import Origin, located

    params = [located({"a": [1, 2]}, Origin("x")), located({"a": [3]}, Origin("y"))]
    assert points(params) == [({"a": 3}, {"a": 3})]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"a": 1}, "nothing to sweep over"),
        (None, "nothing to sweep over"),
        ({"a": []}, "'a' is swept over an empty list"),
    ],
)
def test_a_sweep_over_nothing_is_refused(params, message):
    with pytest.raises(MloError, match=message):
        points(params)
