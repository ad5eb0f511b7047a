from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlflow_tmpl import Catalog, MloError, Node, Pipeline, run
from mlflow_tmpl.engine.handles import Handle
from mlflow_tmpl.engine.memory import Values

if TYPE_CHECKING:
    from collections.abc import Callable

CONSTANT = [1, 2]


class Model:
    """Something that knows no better than to be copied."""

    def __init__(self) -> None:
        self.weights = [1, 2]


def spoil_list(value: list[int]) -> None:
    value.append(99)


def spoil_frame(value: pd.DataFrame) -> None:
    value.loc[0, "x"] = 99


def spoil_array(value: np.ndarray) -> None:
    value[0] = 99


def spoil_model(value: Model) -> None:
    value.weights.append(99)


KINDS = {
    "list": (lambda: [1, 2], spoil_list, sorted),
    "frame": (lambda: pd.DataFrame({"x": [1, 2]}), spoil_frame, lambda value: value["x"].tolist()),
    "array": (lambda: np.array([1, 2]), spoil_array, lambda value: value.tolist()),
    "model": (lambda: Model(), spoil_model, lambda value: list(value.weights)),
}


def tolerant(spoil: Callable[[Any], None]) -> Callable[[Any], str]:
    """Return a node that changes what it takes, and tells if it is not let."""

    def spoiler(value: Any) -> str:
        try:
            spoil(value)
        except ValueError as error:
            return str(error)
        return "changed its own"

    return spoiler


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_no_taker_sees_what_another_does_to_a_value(kind: str, engine: str) -> None:
    make, spoil, content = KINDS[kind]
    spoilers = [Node(tolerant(spoil), "value", f"told{n}", name=f"spoil{n}") for n in range(3)]
    result = run(
        [Node(make, None, "value", name="make"), *spoilers, Node(content, "value", "seen", name="look")],
        engine=engine,
        jobs=None if engine == "inline" else 1,
    )
    assert result["seen"] == [1, 2]


def test_a_single_taker_gets_the_value_itself() -> None:
    made: list[int] = []

    def make() -> Model:
        model = Model()
        made.append(id(model))
        return model

    result = run([Node(make, None, "value"), Node(id, ["value"], "taken")])
    assert result["taken"] == made[0]


def test_a_constant_that_a_node_returns_is_not_changed_by_its_only_taker() -> None:
    run([Node(lambda: CONSTANT, None, "value", name="give"), Node(spoil_list, "value", name="spoil")])
    assert CONSTANT == [1, 2]


def test_an_object_returned_for_two_outputs_is_two_values() -> None:
    def twice() -> tuple[list[int], list[int]]:
        value = [1, 2]
        return value, value

    def spoil_and_give(value: list[int]) -> list[int]:
        value.append(99)
        return value

    result = run(
        [
            Node(twice, None, ["a", "b"]),
            Node(spoil_and_give, "a", "spoilt"),
            Node(sorted, ["b"], "seen", name="look"),
        ]
    )
    assert (result["spoilt"], result["seen"]) == ([1, 2, 99], [1, 2])


def test_what_the_caller_gives_is_not_changed() -> None:
    given = {"value": [1, 2]}
    run([Node(spoil_list, "value")], given)
    assert given == {"value": [1, 2]}


@pytest.mark.parametrize(("mode", "itself"), [("never", True), ("shallow", False), ("deep", False)])
def test_the_catalog_says_how_a_value_is_copied(mode: str, itself: bool) -> None:
    inner = [1]
    given = [inner]
    result = run(
        [
            Node(
                lambda value: (value is given, value[0] is inner),
                "value",
                ["same", "same_inner"],
                name="look",
            )
        ],
        {"value": given},
        catalog=Catalog.of({"value": {"type": "memory", "copy": mode}}),
    )
    assert (result["same"], result["same_inner"]) == (itself, mode != "deep")


def test_a_value_that_cannot_be_copied_names_the_way_out() -> None:
    def make() -> Any:
        return (number for number in [1])

    with pytest.raises(MloError) as caught:
        run(
            [
                Node(make, None, "value"),
                Node(sorted, ["value"], "a", name="first"),
                Node(sorted, ["value"], "b", name="second"),
            ]
        )
    assert (
        "node 'first' failed: a value in memory of type generator cannot be copied for each of its takers"
        in str(caught.value)
    )
    assert caught.value.hint == "declare it as {type: memory, copy: never}"


def test_a_value_is_let_go_after_its_last_taker() -> None:
    alive: list[Any] = []

    def make() -> Model:
        model = Model()
        alive.append(weakref.ref(model))
        return model

    def probe(_: int) -> bool:
        gc.collect()
        return alive[0]() is not None

    result = run(
        [
            Node(make, None, "value"),
            Node(lambda value: len(value.weights), "value", "one", name="first"),
            Node(lambda value, one: len(value.weights), ["value", "one"], "two", name="last"),
            Node(probe, "two", "after"),
        ]
    )
    assert result["after"] is False


def test_a_value_that_nobody_takes_is_given_back_as_it_is() -> None:
    value = Model()
    assert run([Node(lambda: value, None, "value", name="give")])["value"] is value


def test_a_view_of_a_dataset_is_the_same_value() -> None:
    pipeline = Pipeline([Node(lambda: [3], None, "x@made", name="make"), Node(len, ["x@taken"], "n")])
    assert run(pipeline)["n"] == 1


class Far(Handle):
    """A value that lies elsewhere, and counts what is done about it."""

    engine = "far"

    def __init__(self, value: Any) -> None:
        self.value, self.released = value, 0

    def get(self) -> Any:
        return list(self.value)

    def release(self) -> None:
        self.released += 1


def two_takers() -> Pipeline:
    return Pipeline([Node(len, "x", "a", name="first"), Node(len, "x", "b", name="second")])


def test_a_handle_is_fetched_for_takers_here_and_released_after_the_last() -> None:
    far = Far([1])
    values = Values(two_takers(), {"x": far})
    assert (values.take("x"), far.released) == ([1], 0)
    assert (values.take("x"), far.released) == ([1], 1)
    assert "x" not in values


def test_a_handle_is_lent_as_it_is_and_counted_when_the_taker_is_done() -> None:
    far = Far([1])
    values = Values(two_takers(), {"x": far})
    assert values.lend("x") is far
    assert not values.is_last("x")
    values.pass_by("x")
    assert values.is_last("x")
    assert far.released == 0
    values.pass_by("x")
    assert far.released == 1


def test_what_workers_have_is_fetched_before_they_end() -> None:
    far = Far([1])
    values = Values(two_takers(), {"x": far})
    values.settle(["x", "a"])
    assert (values["x"], far.released) == ([1], 1)
