from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl import MloError, Node, Pipeline, run
from mlflow_tmpl.pipeline.condition import Condition


def double(x):
    return 2 * x


def is_large(x, *, enough: int = 10):
    return x >= enough


@pytest.mark.parametrize(
    ("when", "inputs", "text"),
    [
        ("params:a.b", {"value": "params:a.b"}, "a.b"),
        ("not params:a.b", {"value": "params:a.b"}, "not a.b"),
        ("approved", {"value": "approved"}, "approved"),
        (is_large, {"x": "x", "enough": "params:enough"}, "is_large(x, enough)"),
    ],
)
def test_a_condition_knows_what_it_asks_about_and_how_it_reads(when, inputs, text):
    made = Condition.of(when)
    assert (dict(made.inputs), str(made)) == (inputs, text)


@pytest.mark.parametrize("when", ["", "not a b", "a b", "params:", 3])
def test_what_is_no_condition_is_refused(when):
    with pytest.raises(MloError, match="is no condition") as caught:
        Node(double, "x", "y", when=when)
    assert "'params:key'" in caught.value.hint


def test_a_condition_that_takes_anything_is_refused():
    with pytest.raises(MloError, match="takes any arguments"):
        Condition.of(lambda **every: True)


def test_what_a_condition_asks_about_is_an_edge_and_an_input():
    maker = Node(double, "x", "approved", name="maker")
    taker = Node(double, "z", "y", name="taker", when="approved")
    pipeline = Pipeline([taker, maker])
    assert [node.name for node in pipeline] == ["maker", "taker"]
    assert pipeline.outputs == ("y",)
    assert Pipeline([taker]).inputs == ("z", "approved")


def test_a_namespace_leads_what_a_condition_asks_about():
    made = Pipeline([Node(double, "x", "y", when="not params:quick")]).with_namespace("a", inputs="x")
    assert str(made["a.double"].when) == "not a.quick"


@pytest.mark.parametrize(("enough", "status"), [(5, "done"), (50, "skipped")])
def test_a_pipeline_without_a_project_asks_values_in_memory(enough, status):
    pipeline = Pipeline(
        [Node(double, "start", "x", name="first"), Node(double, "x", "y", name="second", when=is_large)]
    )
    result = run(pipeline, {"start": 4, "params:enough": enough})
    assert [node.status for node in result.nodes] == ["done", status]
    assert ("y" in result.outputs) == (status == "done")


def test_who_takes_what_is_left_out_is_left_out_unless_its_argument_has_a_default():
    def either(a=None, b=None):
        return [a, b]

    pipeline = Pipeline(
        [
            Node(double, "x", "a", name="make_a", when="params:use_a"),
            Node(double, "x", "b", name="make_b", when="not params:use_a"),
            Node(double, "a", "c", name="needs_a"),
            Node(either, ["a", "b"], "d"),
        ]
    )
    result = run(pipeline, {"x": 2, "params:use_a": False})
    status = {node.name: (node.status, *map(str, node.reasons)) for node in result.nodes}
    assert status["make_a"] == ("skipped", "left out: it runs only if use_a (data)")
    assert status["needs_a"] == ("skipped", "left out: its input a is not made, as make_a is left out")
    assert result["d"] == [None, 4]


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_a_condition_that_fails_is_the_nodes_failure(engine):
    def broken(x):
        return x.nothing

    pipeline = Pipeline(
        [
            Node(double, "start", "x", name="first"),
            Node(double, "x", "y", name="second", when=broken),
            Node(double, "y", "z", name="third"),
        ]
    )
    with pytest.raises(
        MloError, match=r"condition '.*broken.*' of node 'second' failed: AttributeError"
    ) as caught:
        run(pipeline, {"start": 4}, engine=engine)
    assert [node.status for node in caught.value.result.nodes] == ["done", "failed", "blocked"]


def test_a_parameter_that_is_neither_true_nor_false_is_refused_before_the_run():
    with pytest.raises(MloError, match=r"parameter 'on' must be true or false, but is text 'no'"):
        run(Node(double, "x", "y", when="params:on"), {"x": 1, "params:on": "no"})


def test_a_parameter_that_is_not_set_is_refused_at_the_node():
    with pytest.raises(MloError, match="parameter 'on' of node 'double' is not set") as caught:
        run(
            Pipeline([Node(double, ["x"], "y", when="params:on"), Node(is_large, "x", "z")]),
            {"x": 1, "params:enough": 1},
        )
    assert "test_condition.py" in caught.value.where


@st.composite
def graphs(draw):
    """Nodes by what they take of earlier ones, who of them is off, and whose arguments have defaults."""
    size = draw(st.integers(1, 7))
    needs = [draw(st.sets(st.integers(0, at - 1), max_size=3)) if at else set() for at in range(size)]
    off, lenient = (draw(st.sets(st.integers(0, size - 1))) for _ in range(2))
    return [sorted(taken) for taken in needs], off, lenient


@given(graph=graphs(), engine=st.sampled_from(["inline", "threads"]))
def test_what_is_left_out_is_what_is_off_and_all_that_cannot_do_without_it(graph, engine):
    needs, off, lenient = graph
    expected: dict[int, int] = {}
    nodes = []
    for at, taken in enumerate(needs):
        runs = at not in off and (at in lenient or all(need in expected for need in taken))
        if runs:
            expected[at] = 1 + sum(expected.get(need, 0) for need in taken)
        arguments = [f"d{need}" for need in taken]
        func = lenient_sum(len(taken)) if at in lenient else strict_sum(len(taken))
        when = f"params:on{at}" if at % 2 else f"not params:off{at}"
        nodes.append(Node(func, arguments, f"d{at}", name=f"n{at}", when=when))
    params = {
        f"params:on{at}" if at % 2 else f"params:off{at}": (at in off) != bool(at % 2)
        for at in range(len(needs))
    }
    made = run(Pipeline(nodes), params, engine=engine)
    assert {node.name for node in made.nodes if node.status == "done"} == {f"n{at}" for at in expected}
    assert {node.status for node in made.nodes} <= {"done", "skipped"}
    assert {name: made[name] for name in made.outputs} == {
        f"d{at}": expected[at] for at in expected if f"d{at}" in made.outputs
    }


def strict_sum(count):
    return [lambda: 1, lambda a: 1 + a, lambda a, b: 1 + a + b, lambda a, b, c: 1 + a + b + c][count]


def lenient_sum(count):
    return [
        lambda: 1,
        lambda a=0: 1 + a,
        lambda a=0, b=0: 1 + a + b,
        lambda a=0, b=0, c=0: 1 + a + b + c,
    ][count]
