from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mlflow_tmpl.views.boxes import Boxes
from mlflow_tmpl.views.svg import draw_svg
from mlflow_tmpl.views.visible import READABLE, first_open, visible

from .pipelines import sixty, view

NESTED = {"load": "", "prep.clean": "load", "prep.deep.split": "prep.clean", "fit.train": "prep.deep.split"}


def parents_of(made):
    return {id_: box for id_, box in Boxes(made).parents.items() if id_.startswith("node:")}


def test_a_namespace_lies_in_the_box_of_the_one_around_it():
    boxes = Boxes(view(NESTED))
    assert boxes.parents["node:prep.deep.split"] == "box:prep.deep"
    assert boxes.parents["box:prep.deep"] == "box:prep"
    assert [(box.label, box.nodes) for box in boxes.boxes.values()] == [("prep", 2), ("deep", 1), ("fit", 1)]


def test_a_dataset_lies_in_the_innermost_box_that_holds_all_who_make_and_take_it():
    boxes = Boxes(view(NESTED))
    assert boxes.parents["data:prep.clean_out"] == "box:prep"
    assert boxes.parents["data:fit.train_out"] == "box:fit"
    assert "data:prep.deep.split_out" not in boxes.parents
    assert "data:load_out" not in boxes.parents


def test_a_box_around_everything_is_left_out():
    assert parents_of(view({"all.a": "", "all.b": "all.a"})) == {}
    assert parents_of(view({"all.a": "", "all.in.b": "all.a"})) == {"node:all.in.b": "box:all.in"}


def test_pipelines_are_boxes_where_there_are_no_namespaces():
    made = view({"a": "", "b": "a", "c": "b"})
    members = [("one",), ("one", "two"), ("two",)]
    nodes = tuple([replace(node, pipelines=names) for node, names in zip(made.nodes, members, strict=True)])
    assert parents_of(replace(made, nodes=nodes)) == {"node:a": "box:one", "node:c": "box:two"}


def test_a_closed_box_stands_for_all_in_it_and_its_edges_for_theirs():
    made = view(NESTED)
    seen = visible(made, Boxes(made), {"box:fit"}, parameters=True)
    assert seen.ids == ("node:load", "box:prep", "node:fit.train", "data:raw_load", "data:load_out",
                        "data:prep.deep.split_out", "data:fit.train_out")  # fmt: skip
    assert ("data:load_out", "box:prep") in seen.edges
    assert ("box:prep", "data:prep.deep.split_out") in seen.edges
    assert seen.parents == {"node:fit.train": "box:fit", "data:fit.train_out": "box:fit"}


def test_a_large_graph_starts_with_its_boxes_closed_and_a_small_one_with_them_open():
    small, large = view(sixty()), view({f"box{at % 4}.n{at}": "" for at in range(READABLE)})
    assert len(first_open(small, Boxes(small), parameters=True)) == 9
    assert first_open(large, Boxes(large), parameters=True) == set()


def test_outer_boxes_open_as_long_as_what_is_seen_can_be_read():
    made = view({f"outer{at % 2}.inner{at % 6}.n{at}": "" for at in range(READABLE)})
    assert first_open(made, Boxes(made), parameters=True) == {"box:outer0", "box:outer1"}


@pytest.mark.parametrize(("expand", "closed", "nodes"), [(False, 4, 4), (True, 0, READABLE)])
def test_all_boxes_can_be_drawn_open(expand, closed, nodes):
    drawing = draw_svg(view({f"box{at % 4}.n{at}": "" for at in range(READABLE)}), expand=expand)
    assert drawing.closed == closed
    assert drawing.text.count('<g class="vertex node') == nodes
    assert drawing.text.count('class="frame-name"') == 4 - closed


def test_a_closed_box_says_how_many_nodes_lie_in_it_and_how_they_ended():
    made = view({f"box{at % 4}.n{at}": "" for at in range(READABLE)})
    nodes = tuple(
        [replace(node, status="failed" if at == 4 else "done") for at, node in enumerate(made.nodes)]
    )
    text = draw_svg(replace(made, nodes=nodes)).text
    titles = re.findall(r'class="vertex node closed (\w+)"[^>]*><title>([^<]*)<', text)
    assert titles[0] == ("bad", "closed box box0, 38 nodes, 37 done, 1 failed")
    assert titles[1] == ("good", "closed box box1, 38 nodes, 38 done")
