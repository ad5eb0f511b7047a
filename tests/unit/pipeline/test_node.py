from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline import Node, NodeOptions, node


def fit(frame: Any, labels: Any, *, alpha: Any) -> None: ...


def optional(frame: Any, weights: Any = None, *, alpha: Any = 1) -> None: ...


def many(*frames: Any) -> None: ...


def named(frame: Any, **others: Any) -> None: ...


def first_by_position(frame: Any, /, labels: Any) -> None: ...


def test_arguments_are_datasets_and_keyword_only_ones_are_parameters() -> None:
    assert Node(fit).inputs == {"frame": "frame", "labels": "labels", "alpha": "params:alpha"}


def test_a_list_fills_arguments_in_their_order() -> None:
    assert Node(fit, ["a", "b"]).inputs == {"frame": "a", "labels": "b", "alpha": "params:alpha"}


def test_a_mapping_renames_and_leaves_the_rest_to_the_convention() -> None:
    assert Node(fit, {"labels": "y", "alpha": "params:fit.alpha"}).inputs == {
        "frame": "frame",
        "labels": "y",
        "alpha": "params:fit.alpha",
    }


def test_a_default_stands_unless_a_mapping_or_list_fills_it() -> None:
    assert Node(optional, "x").inputs == {"frame": "x", "alpha": "params:alpha"}
    assert Node(optional, {"frame": "x"}).inputs == {"frame": "x", "alpha": "params:alpha"}
    assert Node(optional, ["x", "w"]).inputs["weights"] == "w"


def test_star_arguments_take_what_a_list_names() -> None:
    made = Node(many, ["a", "b"])
    assert made.inputs == {"args[0]": "a", "args[1]": "b"}
    assert made.positional == ("args[0]", "args[1]")


def test_double_star_arguments_take_what_a_mapping_names_in_its_order() -> None:
    assert list(Node(named, {"z": "1", "frame": "x", "a": "2"}).inputs) == ["frame", "z", "a"]


def test_positional_only_arguments_go_by_position() -> None:
    assert Node(first_by_position).positional == ("frame",)


@pytest.mark.parametrize(
    ("outputs", "names", "keys", "several"),
    [
        (None, (), None, False),
        ("x", ("x",), None, False),
        (["x"], ("x",), None, True),
        (["x", "y"], ("x", "y"), None, True),
        ({"a": "x", "b": "y"}, ("x", "y"), ("a", "b"), True),
        ([], (), None, False),
    ],
)
def test_outputs_are_one_value_several_or_by_key(
    outputs: Any, names: tuple[str, ...], keys: tuple[str, ...] | None, several: bool
) -> None:
    made = Node(many, [], outputs)
    assert (made.outputs, made.returned_keys, made.several) == (names, keys, several)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            (fit, ["a", "b", "c"]),
            "node function 'fit' takes 2 arguments by position, inputs= has 3",
            "give a mapping instead",
        ),
        (
            (fit, "a"),
            "node function 'fit' takes 'labels', which inputs= does not fill",
            "name a dataset for each argument",
        ),
        ((fit, {"label": "y"}), "node function 'fit' has no argument 'label'", "did you mean 'labels'?"),
        ((fit, {"x": "y"}), "node function 'fit' has no argument 'x'", "it has alpha, frame, labels"),
        ((many,), "node function 'many' has *args", "say what they are with inputs=[...]"),
        (
            (fit, 5),
            "node function 'fit' has inputs=5",
            "give a name, a list of names, or a mapping",
        ),
        (
            (fit, None, 5),
            "node function 'fit' has outputs=5",
            "give a name, a list of names, or a mapping",
        ),
        (
            (fit, ["a b", "c"]),
            "'a b' is no name for a dataset of node 'fit'",
            "use letters, digits, '_', '.', '-', at most one '@view', or 'params:key'",
        ),
        ((fit, None, "params:x"), "node 'fit' cannot give out parameter 'params:x'", "parameters come from conf/"),
        ((fit, None, "parameters"), "node 'fit' cannot give out parameter 'parameters'", "parameters come from conf/"),
        ((fit, None, ["x", "x"]), "node 'fit' names an output twice: x, x", ""),
    ],
)  # fmt: skip
def test_a_wrong_node_is_refused_at_its_function(arguments: tuple[Any, ...], message: str, hint: str) -> None:
    with pytest.raises(PipelineError) as refused:
        Node(*arguments)
    assert (refused.value.message, refused.value.hint) == (message, hint)
    assert refused.value.where.endswith(f"test_node.py:{arguments[0].__code__.co_firstlineno}")


def test_an_illegal_name_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        Node(fit, name="a b")
    assert refused.value.message == "'a b' is no name for a node"
    assert refused.value.hint == "give name=, of letters, digits, '_', '.', '-'"


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(PipelineError, match="'<lambda>' is no name for a node"):
        Node(lambda x: x, "a", "b")


def test_an_illegal_tag_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        Node(fit, tags=["a b"])
    assert refused.value.message == "'a b' is no name for a tag"


def test_a_node_has_the_name_of_the_function_below_a_partial() -> None:
    assert Node(partial(fit, alpha=1)).name == "fit"


def test_a_namespace_leads_the_name() -> None:
    made = Node(fit, name="n", namespace="a.b")
    assert (made.name, made.short_name) == ("a.b.n", "n")


def test_a_renamed_node_passes_every_name_through_and_keeps_its_own() -> None:
    made = Node(fit, None, ["m"], namespace="old").renamed(lambda name: f"{name}_2", "new")
    assert made.inputs == {"frame": "frame_2", "labels": "labels_2", "alpha": "params:alpha_2"}
    assert made.outputs == ("m_2",)
    assert (made.name, made.namespace) == ("new.fit", "new")


def test_a_renamed_node_is_checked_again() -> None:
    with pytest.raises(PipelineError, match="'a b' is no name for a dataset"):
        Node(many, ["x"]).renamed(lambda _: "a b", None)


def test_tagging_adds_and_leaves_the_node_alone() -> None:
    made = Node(fit, tags="a")
    assert made.tagged("b", "c").tags == {"a", "b", "c"}
    assert made.tags == {"a"}


def test_nodes_are_equal_when_they_do_the_same_in_the_same_place() -> None:
    assert Node(fit, None, "x") == Node(fit, None, "x")
    assert hash(Node(fit, None, "x")) == hash(Node(fit, None, "x"))


@pytest.mark.parametrize(
    "other",
    [
        Node(fit, None, "y"),
        Node(fit, None, ["x"]),
        Node(fit, None, {"k": "x"}),
        Node(fit, ["a", "b"], "x"),
        Node(fit, None, "x", name="n"),
        Node(fit, None, "x", tags="t"),
        Node(fit, None, "x", options=NodeOptions(reuse=False)),
        Node(optional, {"weights": "labels"}, "x", name="fit"),
        "fit",
    ],
)
def test_nodes_that_differ_in_anything_are_not_equal(other: object) -> None:
    assert Node(fit, None, "x") != other


def test_a_node_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Node(fit).name = "x"  # type: ignore[misc]


def test_the_mark_leaves_a_function_as_it_is() -> None:
    @node(inputs=["a"], outputs="b", tags="t", reuse=False)
    def double(x: int) -> int:
        return 2 * x

    assert double(2) == 4
    made = double.__mlo_node__  # type: ignore[attr-defined]
    assert (made.name, made.inputs, made.outputs) == ("double", {"x": "a"}, ("b",))
    assert made.options == NodeOptions(reuse=False)


def test_the_mark_may_stand_alone() -> None:
    @node
    def tell(x: object) -> None: ...

    assert tell.__mlo_node__.outputs == ()  # type: ignore[attr-defined]
