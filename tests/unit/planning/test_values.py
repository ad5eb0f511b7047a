from __future__ import annotations

import functools
import math
import threading
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum, Flag
from fractions import Fraction
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.planning.json_texts import canonical_json, plain_json
from mlflow_tmpl.planning.values import Unfollowable, bound_values


def run(x: Any, *values: Any, **named: Any) -> Any:
    return x, values, named


def other(x: Any) -> Any:
    return [x]


def bound(*values: Any, **named: Any) -> str:
    """Return the fingerprint of a function with some values bound into it."""
    return bound_values(partial(run, *values, **named), lambda _: None)


def modules(func: Any) -> set[str]:
    found: set[str] = set()
    bound_values(func, lambda reached: found.add(reached.module))
    return found


class Colour(Enum):
    RED = 1
    BLUE = 2


class Rights(Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Scale:
    def __init__(self, k: Any) -> None:
        self.k = k

    def __call__(self, x: Any) -> Any:
        return x, self.k

    def method(self, x: Any) -> Any:
        return x, self.k


@dataclass(frozen=True)
class Options:
    k: Any


@dataclass(frozen=True)
class Slotted:
    __slots__ = ("k",)
    k: Any


class ByHand:
    __slots__ = ("k",)

    def __init__(self, k: Any) -> None:
        self.k = k


class Listed(list):  # type: ignore[type-arg]
    pass


class Hidden:
    def __init__(self, k: Any) -> None:
        self.k = k

    def __getstate__(self) -> Any:
        return None


class Number(int):
    def __repr__(self) -> str:
        return "number"


class Array(np.ndarray):  # type: ignore[type-arg]
    pass


plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.binary(max_size=3)
)
structures = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(one: Any, two: Any) -> bool:
    """Tell whether two values are the same down to types, signs and the order of keys."""
    if type(one) is not type(two):
        return False
    if isinstance(one, float):
        return one == two and math.copysign(1, one) == math.copysign(1, two)
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two)


@given(structures, structures)
def test_values_have_one_fingerprint_exactly_when_they_are_the_same(one: Any, two: Any) -> None:
    assert (bound(one) == bound(two)) is same(one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (0.0, -0.0),
        (1, True),
        (1, 1.0),
        ("1", 1),
        ("a", b"a"),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (["ab", "c"], ["a", "bc"]),
        (Decimal("1.0"), Decimal("1.00")),
        (Fraction(1, 2), Fraction(1, 3)),
        (date(2020, 1, 1), datetime(2020, 1, 1)),
        (datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=timezone.utc)),
        (Path("a"), Path("b")),
        (Path("a"), PurePosixPath("a")),
        (Colour.RED, Colour.BLUE),
        (Colour.RED, 1),
        (Rights.READ | Rights.WRITE, Rights.READ | Rights.RUN),
        (range(3), range(4)),
        (Scale(1), Scale(2)),
        (Scale(1).method, Scale(2).method),
        (Options(1), Options(2)),
        (Slotted(1), Slotted(2)),
        (ByHand(1), ByHand(2)),
        (Listed([1]), Listed([2])),
        (run, other),
        (partial(run, 1), partial(run, 2)),
        (partial(run, k=1), partial(run, j=1)),
        (len, print),
        (math, functools),
        ([run, other, run], [run, other, other]),
        (functools.lru_cache(run), functools.lru_cache(other)),
    ],
)
def test_values_that_differ_have_different_fingerprints(one: Any, two: Any) -> None:
    assert bound(one) != bound(two)
    assert bound(one) == bound(one)


def test_objects_in_another_order_differ() -> None:
    one, two = Scale(1), Scale(1)
    assert bound([one, two, one]) != bound([one, two, two])


def test_a_set_has_no_order() -> None:
    assert bound({"a", "b", "c", "d"}) == bound({"d", "c", "b", "a"})


@pytest.mark.parametrize(
    "value",
    [
        np.array([1]),
        np.float64(1),
        Array((1,)),
        Hidden(1),
        Number(1),
        threading.Lock(),
        [np.array([1])],
        {"a": np.array([1])},
        Scale(np.array([1])),
        (item for item in "abc"),
        [1].append,
        object,
        bytearray(b"a"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_told_is_not_guessed(value: Any) -> None:
    if value is object:
        local = type("Local", (), {"__qualname__": "f.<locals>.Local"})
        value = local()
    with pytest.raises(Unfollowable):
        bound(value)


def test_a_value_that_holds_itself_ends() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(Unfollowable, match="values nested too deep"):
        bound(value)


def test_an_object_that_holds_itself_is_told() -> None:
    value = Scale(1)
    value.k = value
    assert bound(value) == bound(value)


def test_a_closure_counts() -> None:
    def make(k: Any) -> Any:
        return lambda x: (x, k)

    assert bound_values(make(1), lambda _: None) != bound_values(make(2), lambda _: None)
    assert bound_values(make(1), lambda _: None) == bound_values(make(1), lambda _: None)


def test_functions_of_one_name_in_one_module_are_told_apart() -> None:
    pair = (lambda x: x + 1), (lambda x: x + 2)
    assert bound(pair[0]) != bound(pair[1])


def test_the_docstring_of_an_inner_function_does_not_count() -> None:
    def one() -> Any:
        def inner() -> int:
            """A."""
            return 1

        return inner

    def two() -> Any:
        def inner() -> int:
            """B, at length."""
            return 1

        return inner

    told = [bound_values(each(), lambda _: None).rpartition(".inner")[2] for each in (one, two)]
    assert told[0] == told[1]


def test_a_recursive_closure_ends() -> None:
    def outer() -> Any:
        def inner(n: int) -> int:
            return inner(n - 1) if n else 0

        return inner

    assert bound_values(outer(), lambda _: None)


def test_a_default_of_a_module_level_function_stands_in_its_source() -> None:
    namespace: dict[str, Any] = {"__name__": __name__, "np": np}
    exec("def f(x, y=np.array([1])): ...", namespace)
    assert bound_values(namespace["f"], lambda _: None)


def test_a_default_of_an_inner_function_must_be_told() -> None:
    def inner(x: Any, y: Any = np.array([1])) -> None: ...  # noqa: B008 (the trap)

    with pytest.raises(Unfollowable):
        bound_values(inner, lambda _: None)


def test_every_module_that_is_reached_is_found() -> None:
    @functools.wraps(math.sqrt)
    def wrapper(x: float) -> float:
        return x

    assert {"math", __name__} <= modules(wrapper)
    assert __name__ in modules(Scale(1))
    assert __name__ in modules(partial(np.sum, initial=Options(1)))
    assert "pathlib" in modules(Path.exists)


def test_a_numpy_function_is_told_by_its_name() -> None:
    assert modules(np.sqrt) == {"numpy"}
    assert modules(np.mean) == {"numpy"}


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=4))
def test_canonical_json_has_no_order_and_plain_json_has(data: dict[str, int]) -> None:
    turned = dict(reversed(data.items()))
    assert canonical_json(data) == canonical_json(turned)
    assert (plain_json(data) == plain_json(turned)) is (len(data) < 2)
