from __future__ import annotations

import pytest

from mlflow_tmpl.engine.offering import Costs


def test_a_chain_costs_all_that_is_above_and_not_kept() -> None:
    costs = Costs([(), (0,), (1,), (2,)])
    costs.ran(0, 3.0, kept=False)
    costs.ran(1, 2.0, kept=False)
    assert costs.above(2) == 5.0
    costs.ran(2, 1.0, kept=True)
    assert costs.above(3) == 0.0


def test_what_several_take_is_counted_once_where_their_ways_meet() -> None:
    costs = Costs([(), (0,), (0,), (1, 2)])
    costs.ran(0, 8.0, kept=False)
    assert costs.above(1) == costs.above(2) == 4.0
    costs.ran(1, 1.0, kept=False)
    costs.ran(2, 2.0, kept=False)
    assert costs.above(3) == 11.0


def test_what_did_not_run_costs_nothing_as_it_came_from_the_store() -> None:
    assert Costs([(), (0,)]).above(1) == 0.0


def test_a_ladder_of_diamonds_does_not_grow_beyond_what_ran() -> None:
    demands: list[tuple[int, ...]] = [()]
    for _ in range(60):
        top = len(demands) - 1
        demands += [(top,), (top,), (top + 1, top + 2)]
    costs = Costs(demands)
    for position in range(len(demands)):
        costs.ran(position, 1.0, kept=False)
    assert costs.above(len(demands) - 1) == pytest.approx(len(demands) - 1)
