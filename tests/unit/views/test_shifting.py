from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.views.layers import Edge, with_bends
from mlflow_tmpl.views.ordering import gap_crossings, sweep
from mlflow_tmpl.views.ranks import rank
from mlflow_tmpl.views.shifting import order

EFFORT = 100_000


def layered(count, pairs):
    edges = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    return with_bends([Edge(*edge) for edge in edges], rank(count, edges), [60.0] * count)


def pipeline_like(count, seed):
    dice = random.Random(seed)
    return layered(
        count, [(at, max(0, at - 1 - int(dice.expovariate(0.2)))) for at in range(count) for _ in "ab"]
    )


def total(search):
    return sum([gap_crossings(search, row) for row in search.layers.rows])


@given(st.integers(2, 20), st.sets(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_order_gets_worse_and_every_vertex_stays_in_its_layer(count, pairs):
    fitting = [pair for pair in pairs if max(pair) < count]
    swept, shifted = layered(count, fitting), layered(count, fitting)
    before = total(sweep(swept, EFFORT))
    order(shifted, EFFORT)
    assert [sorted(row) for row in shifted.rows] == [sorted(row) for row in swept.rows]
    search = sweep(layered(count, fitting), 0)
    search.take(shifted.rows)
    assert total(search) <= before


def test_it_finds_what_sweeps_do_not():
    better = 0
    for seed in range(4):
        swept, shifted = pipeline_like(40, seed), pipeline_like(40, seed)
        search = sweep(swept, EFFORT)
        before = total(search)
        order(shifted, EFFORT)
        search.take(shifted.rows)
        better += before - total(search)
    assert better > 0


def test_without_effort_the_order_is_that_of_the_sweeps():
    swept, shifted = pipeline_like(30, 1), pipeline_like(30, 1)
    sweep(swept, 0)
    order(shifted, 0)
    assert shifted.rows == swept.rows
