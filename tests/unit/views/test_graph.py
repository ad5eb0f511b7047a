from __future__ import annotations

from mlflow_tmpl import Node, Pipeline, node
from mlflow_tmpl.views.graph import Edge, LastRun, build_graph, plain


def tidy(frame, *, drop):
    """Drop rows.

    Those that miss a value.
    """
    return frame[drop]


def test_a_node_tells_all_that_it_is():
    made = Node(
        tidy, {"frame": "raw", "drop": "params:tidy.drop"}, {"kept": "clean"}, tags=["prep"], namespace="a.b"
    )
    (shown,) = build_graph(
        Pipeline([made]),
        title="t",
        parameters={"tidy.drop": True},
        last={
            "a.b.tidy": LastRun(
                "failed", 1.5, "2030-01-01T00:00:00+00:00", ("code changed",), "ValueError: no"
            )
        },
        memberships={"a.b.tidy": ["train"]},
        code=True,
    ).nodes
    assert (shown.id, shown.name, shown.short_name, shown.namespace) == (
        "node:a.b.tidy",
        "a.b.tidy",
        "tidy",
        "a.b",
    )
    assert shown.doc == "Drop rows.\n\nThose that miss a value."
    assert shown.code.startswith("def tidy(frame, *, drop):")
    assert shown.signature == "tidy(frame, *, drop)"
    assert shown.where.endswith(f"test_graph.py:{tidy.__code__.co_firstlineno}")
    assert [(wire.argument, wire.dataset, wire.id) for wire in shown.inputs] == [("frame", "raw", "data:raw")]
    assert [(wire.argument, wire.dataset) for wire in shown.outputs] == [("kept", "clean")]
    assert [(wire.argument, wire.key, wire.value) for wire in shown.parameters] == [
        ("drop", "tidy.drop", True)
    ]
    assert (shown.tags, shown.pipelines, shown.options) == (
        ("prep",),
        ("train",),
        {"reuse": True, "keep": "auto"},
    )
    assert (shown.status, shown.duration_s, shown.reasons, shown.error) == (
        "failed",
        1.5,
        ("code changed",),
        "ValueError: no",
    )


def test_code_is_not_read_unless_asked_for():
    (shown,) = build_graph(Pipeline([Node(tidy, outputs="clean")]), title="t").nodes
    assert (shown.code, shown.signature) == ("", "")


def test_views_of_one_dataset_are_one_vertex():
    view = build_graph(
        Pipeline([Node(tidy, {"frame": "a", "drop": "b"}, "x@pandas"), Node(len, "x@polars", "y")]), title="t"
    )
    assert [dataset.name for dataset in view.datasets] == ["a", "b", "x", "y"]
    assert Edge("data:x", "node:len") in view.edges
    assert [wire.dataset for wire in view.nodes[1].inputs] == ["x@polars"]


def test_a_dataset_tells_what_the_catalog_tells():
    described = {"type": "csv", "filepath": "data/x.csv", "layer": "raw", "load_args": {"sep": ";"}}
    view = build_graph(
        Pipeline([Node(len, "x", "y")]),
        title="t",
        describe=lambda name: described if name == "x" else {"type": "memory"},
        where=lambda name: f"catalog.yml:{name}",
        exists=lambda name: name == "x",
    )
    x, y = view.datasets
    assert (x.type, x.path, x.layer, x.memory, x.exists, x.where) == (
        "csv",
        "data/x.csv",
        "raw",
        False,
        True,
        "catalog.yml:x",
    )
    assert x.details == {"load_args": {"sep": ";"}}
    assert (y.memory, y.exists) == (True, False)


def test_parameters_are_vertices_with_values_and_all_of_them_are_one():
    @node(outputs="z")
    def use(*, alpha):
        return alpha

    view = build_graph(
        Pipeline([use, Node(len, "parameters", "y")]),
        title="t",
        parameters={"alpha": float("nan"), "": {"alpha": 1}},
    )
    assert [(each.id, each.key, each.value) for each in view.parameters] == [
        ("params:alpha", "alpha", "nan"),
        ("parameters", "", {"alpha": 1}),
    ]


def test_a_dataset_that_two_arguments_take_is_one_edge():
    view = build_graph(Pipeline([Node(tidy, {"frame": "a", "drop": "a"}, "b")]), title="t")
    assert view.edges == (Edge("data:a", "node:tidy"), Edge("node:tidy", "data:b"))


def test_what_is_no_data_becomes_text():
    assert plain({1: (2, {3}), "inf": float("inf"), "none": None}) == {
        "1": [2, "{3}"],
        "inf": "inf",
        "none": None,
    }
