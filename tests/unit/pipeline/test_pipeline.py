from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline import Node, Pipeline, node

from .strategies import combine, pipelines


def made(name: str, inputs: list[str], outputs: Any, **more: Any) -> Node:
    return Node(combine, inputs, outputs, name=name, **more)


def names(pipeline: Pipeline) -> list[str]:
    return [each.name for each in pipeline]


@given(pipelines())
def test_a_pipeline_with_itself_is_itself(one: Pipeline) -> None:
    assert one + one == one | one == one & one == one
    assert len(one - one) == 0
    assert names(one + one) == names(one)


@given(pipelines(), pipelines())
def test_union_and_intersection_do_not_care_about_sides(one: Pipeline, two: Pipeline) -> None:
    assert one + two == two + one
    assert one & two == two & one
    assert hash(one + two) == hash(two + one)


@given(pipelines(), pipelines(), pipelines())
def test_union_does_not_care_about_brackets(one: Pipeline, two: Pipeline, three: Pipeline) -> None:
    assert (one + two) + three == one + (two + three)
    assert one & (two + three) == (one & two) + (one & three)


@given(pipelines(), pipelines())
def test_what_is_taken_away_is_gone(one: Pipeline, two: Pipeline) -> None:
    assert set((one + two) - two) <= set(one)
    assert set(one - two).isdisjoint(two)
    assert (one - two) + (one & two) == one


@given(pipelines())
def test_nothing_changes_nothing(one: Pipeline) -> None:
    assert one + Pipeline() == one - Pipeline() == sum([one]) == one
    assert one & Pipeline() == Pipeline()


@given(pipelines())
def test_every_node_stands_after_what_it_needs(one: Pipeline) -> None:
    for position, needs in enumerate(one.needs):
        assert all(need < position for need in needs)
        assert all(position in one.feeds[need] for need in needs)
    assert sum(map(len, one.needs)) == sum(map(len, one.feeds))


@given(pipelines())
def test_inputs_outputs_and_datasets_are_told_apart(one: Pipeline) -> None:
    made_here, taken = set(one.producers), set(one.consumers)
    assert set(one.inputs) == taken - made_here
    assert set(one.outputs) == made_here - taken
    assert set(one.datasets) == made_here | taken


def test_only_pipelines_can_be_added() -> None:
    for sign in (Pipeline.__add__, Pipeline.__sub__, Pipeline.__and__):
        assert sign(Pipeline(), 5) is NotImplemented  # type: ignore[arg-type]


def test_nodes_functions_and_pipelines_are_taken_in() -> None:
    @node(outputs="y")
    def marked(x: Any) -> Any:
        return x

    inner = Pipeline([made("inner", ["y"], "z")])
    assert names(Pipeline([inner, marked, made("last", ["z"], None)])) == ["marked", "inner", "last"]


def test_what_is_no_node_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        Pipeline([len])
    assert refused.value.message == f"a pipeline is made of nodes, not {type(len).__name__} {len!r}"
    assert (
        refused.value.hint == "mark the function with @node, or give Node(function, inputs=..., outputs=...)"
    )


def test_two_nodes_of_one_name_are_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        Pipeline([made("n", ["a"], "b"), made("n", ["a"], "c")])
    assert refused.value.message == f"two nodes are named 'n'; the other is at {made('n', [], 'b').where}"
    assert refused.value.where == made("n", [], "b").where
    assert refused.value.hint == "give one of them name="


def test_two_producers_of_one_dataset_are_refused_also_under_two_views() -> None:
    with pytest.raises(PipelineError) as refused:
        Pipeline([made("a", [], "x@one"), made("b", [], "x@two")])
    where = made("a", [], "x").where
    assert refused.value.message == f"dataset 'x' is made by node 'a' ({where}) and by node 'b'"
    assert refused.value.hint == "one dataset has one producer: rename one of the outputs"


def test_a_cycle_is_shown_as_the_path_that_data_takes() -> None:
    nodes = [
        made("a", ["z"], "x"),
        made("b", ["x"], "y"),
        made("c", ["y", "free"], "z"),
        made("d", ["z"], "w"),
    ]
    with pytest.raises(PipelineError) as refused:
        Pipeline(nodes)
    assert refused.value.message == "nodes need each other: a -> [x] -> b -> [y] -> c -> [z] -> a"
    assert refused.value.hint == "break the circle at one of these datasets"


def test_a_node_that_takes_what_it_gives_is_a_cycle() -> None:
    with pytest.raises(PipelineError, match=r"nodes need each other: a -> \[x\] -> a"):
        Pipeline([made("a", ["x"], "x")])


def test_a_dataset_with_and_without_a_view_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        Pipeline([made("a", ["x@pandas"], "y"), made("b", ["x"], "z")])
    assert refused.value.message == "dataset 'x' is used beside 'x@pandas' in one pipeline"
    assert refused.value.hint == "give every use of 'x' its @view, or none"


def test_views_of_one_dataset_make_an_edge() -> None:
    pipeline = Pipeline([made("b", ["x@two"], "y"), made("a", [], "x@one")])
    assert names(pipeline) == ["a", "b"]
    assert pipeline.outputs == ("y",)
    assert pipeline.inputs == ()


def test_a_node_that_takes_one_dataset_twice_needs_its_maker_once() -> None:
    pipeline = Pipeline([made("a", [], "x"), made("b", ["x", "x"], "y")])
    assert pipeline.needs == [[], [0]]
    assert pipeline.consumers["x"] == [1]


def test_parameters_are_no_datasets() -> None:
    pipeline = Pipeline([made("a", ["x", "params:k", "parameters"], "y")])
    assert pipeline.parameters == ("params:k", "parameters")
    assert pipeline.inputs == ("x",)


def test_tags_are_added_to_every_node() -> None:
    assert {frozenset(each.tags) for each in Pipeline([made("a", [], "x", tags="t")], tags=["u"])} == {
        frozenset("tu")
    }


def test_a_node_is_found_by_name_or_with_the_nearest_one() -> None:
    pipeline = Pipeline([made("clean", [], "x")])
    assert pipeline["clean"].outputs == ("x",)
    assert "clean" in pipeline
    with pytest.raises(
        Exception, match=r"there is no node 'claen' in the pipeline \(did you mean 'clean'\?\)"
    ):
        pipeline["claen"]


def test_a_long_pipeline_is_shown_short() -> None:
    assert repr(Pipeline([made(f"n{k}", [], f"d{k}") for k in range(9)])).endswith("n7, ...)")


INNER = Pipeline(
    [
        made("clean", ["raw", "params:k"], "table@pandas"),
        made("fit", ["table@pandas", "parameters"], "model", namespace="deep"),
    ]
)


def test_a_namespace_leads_every_name_but_those_kept() -> None:
    outer = INNER.with_namespace(
        "eu", inputs="raw", outputs={"model": "model_eu"}, parameters={"k": "shared"}
    )
    assert names(outer) == ["eu.clean", "eu.deep.fit"]
    assert list(outer["eu.clean"].inputs.values()) == ["raw", "params:shared"]
    assert outer["eu.clean"].outputs == ("eu.table@pandas",)
    assert list(outer["eu.deep.fit"].inputs.values()) == ["eu.table@pandas", "parameters"]
    assert outer["eu.deep.fit"].outputs == ("model_eu",)
    assert outer["eu.deep.fit"].namespace == "eu.deep"


def test_a_namespaced_pipeline_runs_beside_itself() -> None:
    both = INNER.with_namespace("a", inputs="raw") + INNER.with_namespace("b", inputs="raw")
    assert both.inputs == ("raw",)
    assert both.outputs == ("a.model", "b.model")
    assert both.parameters == ("params:a.k", "parameters", "params:b.k")


def test_namespaces_nest() -> None:
    assert names(INNER.with_namespace("a").with_namespace("b")) == ["b.a.clean", "b.a.deep.fit"]


@pytest.mark.parametrize(
    ("more", "message", "hint"),
    [
        ({"inputs": "row"}, "there is no dataset 'row' in the pipeline", "did you mean 'raw'?"),
        ({"outputs": ["x"]}, "there is no dataset 'x' in the pipeline", "it has model, raw, table"),
        ({"parameters": "z"}, "there is no parameter 'z' in the pipeline", "it has k"),
    ],
)
def test_a_name_to_keep_that_is_not_there_is_refused(more: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(PipelineError) as refused:
        INNER.with_namespace("a", **more)
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_an_illegal_namespace_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        INNER.with_namespace("a b")
    assert refused.value.message == "'a b' is no name for a namespace"


def test_the_graph_for_analysis_has_nodes_and_datasets() -> None:
    graph = INNER.to_networkx()
    assert graph.nodes["clean"]["kind"] == "node"
    assert graph.nodes[("dataset", "params:k")]["kind"] == "parameter"
    assert list(graph.successors("clean")) == [("dataset", "table@pandas")]


def test_a_hundred_thousand_nodes_are_put_together_in_linear_time() -> None:
    """Counted, not timed: each name is asked for as often as it is used."""
    asked = 0

    class Name(str):
        __slots__ = ()

        def partition(self, sep: str, /) -> tuple[str, str, str]:
            nonlocal asked
            asked += 1
            return str.partition(self, sep)

    def work(count: int) -> int:
        nonlocal asked
        asked = 0
        pipeline = Pipeline([made(f"n{k}", [Name(f"d{k}")], Name(f"d{k + 1}")) for k in range(count)])
        assert (len(pipeline.inputs), len(pipeline.outputs)) == (1, 1)
        return asked

    assert work(2_000) <= 2.1 * work(1_000)
