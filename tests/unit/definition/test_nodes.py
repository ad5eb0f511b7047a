"""Nodes as plain data, and back."""

from __future__ import annotations

import json

import pytest

from mlflow_tmpl.definition.nodes import NotPlain, RememberedFunction, made_node, tell_function, tell_node
from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline import Node
from mlflow_tmpl.pipeline.node import NodeOptions
from mlflow_tmpl.pipeline.signature import describe, is_generator_function, where_defined
from mlflow_tmpl.views.source import docstring, signature, source_text


def chunks(frame: list[int], *, size: int = 2):
    """Cut a frame."""
    yield frame[:size]


def _again(node: Node) -> Node:
    told = json.loads(json.dumps([tell_function(node.func), tell_node(node, 0)]))
    return made_node(told[1], [RememberedFunction(0, told[0])])


@pytest.mark.parametrize(
    "node",
    [
        Node(chunks, "a", "b"),
        Node(chunks, {"frame": "a"}, {"x": "b", "y": "c"}, name="cut", tags={"t", "u"}, namespace="n.m"),
        Node(chunks, ["a"], ["b"], options=NodeOptions(reuse=False, keep="always")),
    ],
    ids=["plain", "mapped", "options"],
)
def test_a_node_comes_back_as_it_was(node: Node) -> None:
    made = _again(node)
    for slot in Node.__slots__:
        if slot != "func":
            assert getattr(made, slot) == getattr(node, slot), slot


def test_a_remembered_function_says_what_the_function_says() -> None:
    made = _again(Node(chunks, "a", "b")).func
    for ask in (describe, where_defined, is_generator_function, docstring, signature, source_text):
        assert ask(made) == ask(chunks), ask
    with pytest.raises(PipelineError, match="function 'chunks' was not loaded"):
        made([1])


def test_what_is_not_plain_is_refused() -> None:
    node = Node(chunks, "a", "b")
    object.__setattr__(node, "tags", frozenset({object()}))
    with pytest.raises(NotPlain):
        tell_node(node, 0)
