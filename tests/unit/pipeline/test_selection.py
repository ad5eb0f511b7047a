# ruff: noqa: E501 (a table reads better with a row a line)
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.pipeline import Node, Pipeline, Selection

from .strategies import combine, pipelines


def made(name: str, inputs: list[str], outputs: Any, **more: Any) -> Node:
    return Node(combine, inputs, outputs, name=name, **more)


FLOW = Pipeline(
    [
        made("clean", ["raw"], "table", tags="early"),
        made("split", ["table"], ["train", "test"], tags=["early", "model"]),
        made("fit", ["train"], "model@pickle", tags="model", namespace="ml"),
        made("score", ["model@pickle", "test"], "metrics", namespace="ml.eval"),
        made("count", ["raw"], "counts"),
    ]
)


def selected(**criteria: Any) -> list[str]:
    return [node.name for node in FLOW.select(Selection(**criteria))]


@pytest.mark.parametrize(
    ("criteria", "nodes"),
    [
        ({}, ["clean", "split", "ml.fit", "ml.eval.score", "count"]),
        ({"from_nodes": ("ml.fit",)}, ["ml.fit", "ml.eval.score"]),
        ({"to_nodes": ("split",)}, ["clean", "split"]),
        ({"nodes": ("count", "clean")}, ["clean", "count"]),
        ({"from_inputs": ("test",)}, ["ml.eval.score"]),
        ({"from_inputs": ("raw",)}, ["clean", "split", "ml.fit", "ml.eval.score", "count"]),
        ({"from_inputs": ("model",)}, ["ml.eval.score"]),
        ({"to_outputs": ("model@pickle",)}, ["clean", "split", "ml.fit"]),
        ({"to_outputs": ("train", "counts")}, ["clean", "split", "count"]),
        ({"tags": ("early",)}, ["clean", "split"]),
        ({"tags": ("early", "model")}, ["clean", "split", "ml.fit"]),
        ({"namespaces": ("ml",)}, ["ml.fit", "ml.eval.score"]),
        ({"namespaces": ("ml.eval",)}, ["ml.eval.score"]),
        ({"from_nodes": ("split",), "to_nodes": ("ml.fit",)}, ["split", "ml.fit"]),
        ({"from_nodes": ("split",), "tags": ("model",)}, ["split", "ml.fit"]),
    ],
)
def test_each_criterion_narrows(criteria: dict[str, Any], nodes: list[str]) -> None:
    assert selected(**criteria) == nodes


@pytest.mark.parametrize(
    ("criteria", "message", "hint"),
    [
        ({"nodes": ("claen",)}, "there is no node 'claen' in the pipeline", "did you mean 'clean'?"),
        ({"from_nodes": ("x",)}, "there is no node 'x' in the pipeline", "it has clean, count, ml.eval.score, ml.fit, split"),
        ({"to_nodes": ("splat",)}, "there is no node 'splat' in the pipeline", "did you mean 'split'?"),
        ({"from_inputs": ("metrics",)}, "there is no input dataset 'metrics' in the pipeline", "it has model, raw, table, test, train"),
        ({"to_outputs": ("raw",)}, "there is no output dataset 'raw' in the pipeline", "it has counts, metrics, model, table, test, train"),
        ({"tags": ("late",)}, "there is no tag 'late' in the pipeline", "it has early, model"),
        ({"namespaces": ("eval",)}, "there is no namespace 'eval' in the pipeline", "did you mean 'ml.eval'?"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_is_refused(criteria: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        selected(**criteria)
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_a_selection_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        selected(nodes=("count",), tags=("model",))
    assert "--nodes=count --tags=model" in str(refused.value)


def test_a_selection_says_itself_as_options() -> None:
    assert str(Selection(from_nodes=("a", "b"), tags=("t",))) == "--from-nodes=a,b --tags=t"
    assert not Selection()
    assert Selection(namespaces=("a",))


@given(pipelines(), st.data())
def test_what_leads_to_a_node_is_closed_and_no_more(pipeline: Pipeline, data: st.DataObject) -> None:
    assume(len(pipeline))
    node = data.draw(st.sampled_from(pipeline.nodes))
    part = pipeline.select(Selection(to_nodes=(node.name,)))
    for each in part:
        needs = [pipeline.nodes[need] for need in pipeline.needs[pipeline.positions[each.name]]]
        assert all(need in part.nodes for need in needs)
    assert part.outputs == node.outputs


@given(pipelines(), st.data())
def test_what_follows_from_a_node_is_closed(pipeline: Pipeline, data: st.DataObject) -> None:
    assume(len(pipeline))
    node = data.draw(st.sampled_from(pipeline.nodes))
    part = pipeline.select(Selection(from_nodes=(node.name,)))
    for each in part:
        feeds = [pipeline.nodes[taker] for taker in pipeline.feeds[pipeline.positions[each.name]]]
        assert all(taker in part.nodes for taker in feeds)


@given(pipelines(), st.data())
def test_a_slice_has_the_order_of_the_whole(pipeline: Pipeline, data: st.DataObject) -> None:
    assume(len(pipeline))
    wanted = data.draw(st.lists(st.sampled_from([node.name for node in pipeline]), min_size=1))
    part = pipeline.select(Selection(nodes=tuple(wanted)))
    assert [node.name for node in part] == [node.name for node in pipeline if node.name in wanted]
