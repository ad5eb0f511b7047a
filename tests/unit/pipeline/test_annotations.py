from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NewType, Optional, Protocol, TypedDict, TypeVar

import numpy as np
import pandas as pd
import pytest

from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.pipeline.annotations import check_types

T = TypeVar("T")
UserId = NewType("UserId", int)


class Model(ABC):
    @abstractmethod
    def fit(self) -> None: ...


class Lasso:
    """A model by its methods only."""

    def fit(self) -> None: ...


class Fits(Protocol):
    def fit(self) -> None: ...


class Row(TypedDict):
    x: int


class Point(NamedTuple):
    x: int


def check(given: Any, taken: Any, *, memory: bool = True) -> None:
    """Check an edge between a function that gives one type and a function that takes another."""

    def give() -> Any: ...

    def take(x: Any) -> None: ...

    give.__annotations__["return"] = given
    take.__annotations__["x"] = taken
    check_types(Pipeline([Node(give, None, "x"), Node(take)]), lambda _: memory)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (str, int),
        (float, int),
        (str, bytes),
        (pd.DataFrame, pd.Series),
        (np.ndarray, pd.DataFrame),
        (list, dict),
        (str, Path),
        (pd.DataFrame, str),
        ("pd.DataFrame", "pd.Series"),
    ],
)
def test_a_plain_contradiction_is_refused(given: Any, taken: Any) -> None:
    with pytest.raises(PipelineError):
        check(given, taken)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (int, float),
        (bool, int),
        (bool, float),
        (int, bool),
        (int, object),
        (object, int),
        (Any, int),
        (int, Any),
        (T, int),
        (int, T),
        (Optional[int], str),  # noqa: UP045 (written as users may)
        (int, str | None),
        (UserId, str),
        (Lasso, Model),
        (Lasso, Fits),
        (dict, Mapping),
        (dict, Row),
        (tuple, Point),
        (Point, tuple),
        (np.float64, float),
        (np.int64, int),
        (int, np.int64),
        (np.float32, float),
        (np.bool_, bool),
        (np.str_, str),
        (Decimal, float),
        (list[int], dict),
        (np.ndarray, "np.typing.NDArray"),
        (pd.Timestamp, "datetime.datetime"),
        ("Unknown", int),
        (int, "Unknown"),
        ("1 +", int),
        (Iterator[int], list),
        (None, int),
        (bytearray, bytes),
        (str, "'int'"),
    ],
)
def test_what_may_be_right_is_let_through(given: Any, taken: Any) -> None:
    check(given, taken)


def test_the_message_names_both_ends_and_both_types() -> None:
    def give(raw: Any) -> str: ...

    def take(x: pd.DataFrame) -> None: ...

    with pytest.raises(PipelineError) as refused:
        check_types(Pipeline([Node(give, None, "x"), Node(take)]), lambda _: True)
    assert refused.value.message.startswith(
        "node 'give' gives 'x' as str, and node 'take' takes it as pandas."
    )
    assert refused.value.where == Node(take).where
    assert refused.value.hint == f"change one of the two annotations; 'give' is at {Node(give).where}"


def test_a_saved_dataset_may_come_back_as_something_else() -> None:
    check(str, int, memory=False)


def test_each_of_several_outputs_has_its_own_type() -> None:
    def give() -> tuple[str, int]: ...

    def take(n: int) -> None: ...

    check_types(Pipeline([Node(give, None, ["s", "n"]), Node(take)]), lambda _: True)
    with pytest.raises(PipelineError, match="gives 'n' as str"):
        check_types(Pipeline([Node(give, None, ["n", "s"]), Node(take)]), lambda _: True)


def test_outputs_by_key_and_tuples_of_any_length_are_let_through() -> None:
    def give() -> tuple[str, ...]: ...

    def keyed() -> dict[str, str]: ...

    def take(n: int) -> None: ...

    check_types(Pipeline([Node(keyed, None, {"a": "n", "b": "m"}), Node(take)]), lambda _: True)
    check_types(Pipeline([Node(give, None, ["m", "n"]), Node(take)]), lambda _: True)


def test_a_decorated_function_may_give_something_else_than_it_says() -> None:
    def framed(func: Any) -> Any:
        @functools.wraps(func)
        def wrapper() -> Any:
            return pd.DataFrame({"x": func()})

        return wrapper

    @framed
    def give() -> list: ...  # type: ignore[type-arg]

    def take(x: pd.DataFrame) -> None: ...

    check_types(Pipeline([Node(give, None, "x"), Node(take)]), lambda _: True)


def test_a_partial_gives_what_its_function_says() -> None:
    def give(k: int) -> str: ...

    def take(x: int) -> None: ...

    with pytest.raises(PipelineError, match="gives 'x' as str"):
        check_types(Pipeline([Node(partial(give, 1), None, "x"), Node(take)]), lambda _: True)


def test_methods_and_objects_are_let_through() -> None:
    class Step:
        def __call__(self, x: int) -> str: ...

        def run(self, x: int) -> str: ...

    def give() -> str: ...

    nodes = [Node(give, None, "x"), Node(Step(), "x", "y"), Node(Step().run, "y", "z")]
    check_types(Pipeline(nodes), lambda _: True)
