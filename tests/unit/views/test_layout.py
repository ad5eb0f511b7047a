from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.views.layers import Edge, with_bends
from mlflow_tmpl.views.layout import lay_out
from mlflow_tmpl.views.ranks import rank


@st.composite
def drawings(draw):
    count = draw(st.integers(1, 30))
    sizes = {f"v{at}": (draw(st.integers(20, 200)), draw(st.integers(20, 50))) for at in range(count)}
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = [
        (f"v{min(pair)}", f"v{max(pair)}") for pair in draw(st.sets(pairs, max_size=60)) if pair[0] != pair[1]
    ]
    return sizes, sorted(edges)


@given(drawings(), st.sampled_from(["down", "right", None]))
@settings(max_examples=150, deadline=None)
def test_edges_lead_forward_and_boxes_never_overlap(drawing, direction):
    sizes, edges = drawing
    layout = lay_out(sizes, edges, direction)
    axis = 1 if layout.direction == "down" else 0
    assert set(layout.routes) == set(edges)
    for route in layout.routes.values():
        assert all(before[axis] <= after[axis] for before, after in pairwise(route))
        assert route[0][axis] < route[-1][axis]
    boxes = list(layout.boxes.values())
    for at, one in enumerate(boxes):
        assert 0 <= one.x <= one.x + one.width <= layout.width + 0.11
        assert 0 <= one.y <= one.y + one.height <= layout.height + 0.11
        for two in boxes[at + 1 :]:
            apart = one.x + one.width <= two.x or two.x + two.width <= one.x
            assert apart or one.y + one.height <= two.y or two.y + two.height <= one.y


@given(drawings())
@settings(max_examples=60, deadline=None)
def test_a_route_goes_from_the_side_of_one_box_to_the_side_of_the_other(drawing):
    sizes, edges = drawing
    layout = lay_out(sizes, edges, "down")
    for (source, target), route in layout.routes.items():
        start, end = layout.boxes[source], layout.boxes[target]
        assert route[0] == pytest.approx((start.x + start.width / 2, start.y + start.height), abs=0.11)
        assert route[-1] == pytest.approx((end.x + end.width / 2, end.y), abs=0.11)


@given(drawings())
@settings(max_examples=60, deadline=None)
def test_a_long_edge_passes_between_boxes_and_not_through_them(drawing):
    sizes, edges = drawing
    layout = lay_out(sizes, edges, "down")
    for route in layout.routes.values():
        for (x, top), (_, bottom) in list(pairwise(route))[1:-1:2]:
            for box in layout.boxes.values():
                beside = x <= box.x or box.x + box.width <= x
                assert beside or bottom <= box.y or box.y + box.height <= top


def test_the_same_graph_is_laid_out_in_the_same_way():
    sizes = {f"v{at}": (60.0, 30.0) for at in range(40)}
    edges = [
        (f"v{at}", f"v{to}") for at in range(40) for to in (at + 1, at * 2 + 1, at + 7) if to < 40 and to > at
    ]
    assert lay_out(sizes, edges) == lay_out(dict(sizes), list(edges))


def test_a_chain_is_a_straight_line():
    layout = lay_out({"a": (60, 30), "b": (100, 30), "c": (40, 30)}, [("a", "b"), ("b", "c")], "down")
    assert {box.x + box.width / 2 for box in layout.boxes.values()} == {50.0}


def test_a_chain_beside_others_runs_straight_from_where_it_leaves_them():
    sizes = {
        name: (60.0 + 9 * at, 30.0)
        for at, name in enumerate(("root", "a", "b", "a1", "a2", "b1", "b2", "alone"))
    }
    edges = [
        ("root", "a"),
        ("root", "b"),
        ("a", "a1"),
        ("a1", "a2"),
        ("b", "b1"),
        ("b1", "b2"),
        ("alone", "a1"),
    ]
    boxes = lay_out(sizes, edges, "down").boxes
    middle = {name: box.x + box.width / 2 for name, box in boxes.items()}
    for chain in (("a", "a1", "a2"), ("b", "b1", "b2")):
        assert max(middle[name] for name in chain) - min(middle[name] for name in chain) < 0.11


def test_what_nothing_leads_to_stands_right_before_its_taker():
    edges = [(0, 1), (1, 2), (2, 3), (4, 3)]  # 4 is a parameter of the last node
    assert rank(5, edges) == [0, 1, 2, 3, 2]


def test_long_edges_of_one_vertex_share_their_bends():
    edges = [Edge(0, 1), Edge(0, 2), Edge(0, 3), Edge(0, 4), Edge(1, 2), Edge(2, 3), Edge(3, 4)]
    chains = with_bends(edges, [0, 1, 2, 3, 4], [10.0] * 5).chains
    assert {place: len(bends) for place, bends in chains.items()} == {(0, 0.0): 3}


def test_a_wide_graph_is_drawn_to_the_right_and_a_deep_one_down():
    wide = {f"v{at}": (150.0, 30.0) for at in range(41)}
    assert lay_out(wide, [("v0", f"v{at}") for at in range(1, 41)]).direction == "right"
    deep = dict(list(wide.items())[:6])
    assert lay_out(deep, [(f"v{at}", f"v{at + 1}") for at in range(5)]).direction == "down"


def test_crossings_that_can_be_avoided_are_avoided():
    layout = lay_out(dict.fromkeys("abcd", (40, 20)), [("a", "d"), ("b", "c")], "down")
    boxes = layout.boxes
    assert (boxes["a"].x < boxes["b"].x) == (boxes["d"].x < boxes["c"].x)


def test_nothing_is_laid_out_as_nothing():
    assert lay_out({}, []).boxes == {}


@st.composite
def framed_drawings(draw):
    sizes, edges = draw(drawings())
    count = draw(st.integers(1, 6))
    parents = {
        f"box{at}": f"box{draw(st.integers(0, at - 1))}" for at in range(1, count) if draw(st.booleans())
    }
    parents |= {name: f"box{draw(st.integers(0, count - 1))}" for name in sizes if draw(st.booleans())}
    return sizes, edges, parents


@given(framed_drawings(), st.sampled_from(["down", "right", None]))
@settings(max_examples=150, deadline=None)
def test_what_lies_in_a_frame_lies_in_its_box_and_nothing_overlaps(drawing, direction):
    sizes, edges, parents = drawing
    layout = lay_out(sizes, edges, direction, parents)
    every = {**layout.boxes, **layout.frames}
    beside: dict[str, list] = {}
    for name, box in every.items():
        around = every.get(parents.get(name, ""))
        if around is not None:
            assert around.x - 0.11 <= box.x
            assert box.x + box.width <= around.x + around.width + 0.11
            assert around.y - 0.11 <= box.y
            assert box.y + box.height <= around.y + around.height + 0.11
        for other in beside.setdefault(parents.get(name, ""), []):
            apart = box.x + box.width <= other.x + 0.11 or other.x + other.width <= box.x + 0.11
            assert apart or box.y + box.height <= other.y + 0.11 or other.y + other.height <= box.y + 0.11
        beside[parents.get(name, "")].append(box)


@given(framed_drawings())
@settings(max_examples=100, deadline=None)
def test_a_route_leads_unbroken_through_the_borders_of_frames(drawing):
    sizes, edges, parents = drawing
    layout = lay_out(sizes, edges, "down", parents)
    for (source, target), route in layout.routes.items():
        start, end = layout.boxes[source], layout.boxes[target]
        assert route[0] == pytest.approx((start.x + start.width / 2, start.y + start.height), abs=0.16)
        assert route[-1] == pytest.approx((end.x + end.width / 2, end.y), abs=0.16)


def test_frames_that_lead_to_each_other_are_drawn_all_the_same():
    sizes = dict.fromkeys("abc", (40.0, 20.0))
    layout = lay_out(sizes, [("a", "b"), ("b", "c")], "down", {"a": "one", "c": "one", "b": "two"})
    assert set(layout.frames) == {"one", "two"}
    assert set(layout.routes) == {("a", "b"), ("b", "c")}
