from __future__ import annotations

import re
from time import process_time
from xml.etree import ElementTree

import pytest

from mlflow_tmpl.views.svg import to_svg
from mlflow_tmpl.views.visible import readable

from .pipelines import view

SVG = "{http://www.w3.org/2000/svg}"


def vertices(text):
    return [
        group for group in ElementTree.fromstring(text).iter(f"{SVG}g") if "vertex" in group.get("class", "")
    ]


def test_every_vertex_and_edge_is_drawn_once(ten):
    text = to_svg(ten)
    assert len(vertices(text)) == len(ten.nodes) + len(ten.datasets) + len(ten.parameters)
    assert text.count('<path class="edge') == len(ten.edges)


def test_parameters_can_be_left_out_with_their_edges(ten):
    text = to_svg(ten, parameters=False)
    assert "alpha" not in text
    assert text.count('<path class="edge') == len([edge for edge in ten.edges if "params" not in edge.source])


def test_it_stands_alone_and_has_no_script(ten):
    text = to_svg(ten)
    assert "<style>" in text
    assert not re.search(r"<script|href|url\(|\bid=|@import|\son\w+=|tabindex", text)


def test_kinds_and_statuses_differ_in_shape_and_not_only_in_colour(ten):
    shapes = {}
    for group in vertices(to_svg(ten)):
        marks = [piece.get("d") for piece in group.iter(f"{SVG}path")]
        boxes = [(piece.tag, piece.get("rx")) for piece in group if piece.get("class") == "box"]
        shapes[group.get("class")] = (*boxes, *marks)
    assert len(set(shapes.values())) == len(shapes) == 6  # four tones, memory datasets, parameters


def test_a_long_name_is_cut_and_stands_whole_in_the_title():
    name = "a_" + "very_" * 20 + "long_name"
    (node,) = [group for group in vertices(to_svg(view({name: ""}))) if "node" in group.get("class")]
    assert name in node.find(f"{SVG}title").text
    assert len(node.find(f"{SVG}text").text) <= 32


def test_hostile_texts_are_texts(hostile):
    text = to_svg(hostile)
    tags = {element.tag for element in ElementTree.fromstring(text).iter()}
    known = "svg title style rect path g circle text polygon"
    assert tags == {f"{SVG}{tag}" for tag in known.split()}


def test_a_thousand_nodes_hide_their_parameters_and_take_seconds(large):
    assert not readable(large)
    start = process_time()
    text = to_svg(large)
    assert process_time() - start < 30  # about 1 s: it is three hundred layers deep
    assert "params:" not in text


@pytest.mark.parametrize("size", [0, 1])
def test_the_smallest_graphs_are_drawn_too(size):
    ElementTree.fromstring(to_svg(view({"a": ""} if size else {})))
