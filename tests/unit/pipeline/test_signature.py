from __future__ import annotations

import functools
from functools import partial
from typing import Any

import pytest

from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline.signature import (
    Signature,
    describe,
    innermost_function,
    is_generator_function,
    read_signature,
    where_defined,
)


def plain(a: Any, b: Any = 1, /, c: Any = 2, *, d: Any, e: Any = 3) -> None: ...


def open_ended(a: Any, *args: Any, **kwargs: Any) -> None: ...


async def coroutine(x: Any) -> None: ...


async def stream(x: Any) -> Any:
    yield x


def chunks(x: Any) -> Any:
    yield x


class Fit:
    def __call__(self, frame: Any, *, alpha: float) -> None: ...

    def method(self, frame: Any) -> None: ...

    @classmethod
    def made(cls, frame: Any) -> None: ...


def test_every_kind_of_argument_is_told() -> None:
    assert read_signature(plain) == Signature(("a", "b", "c"), ("d", "e"), frozenset("bce"), 2, False, False)


def test_open_ended_functions_are_told() -> None:
    assert read_signature(open_ended) == Signature(("a",), (), frozenset(), 0, True, True)


def test_a_partial_lacks_what_is_bound_by_position_and_may_do_without_what_is_bound_by_name() -> None:
    signature = read_signature(partial(plain, 0, d=5))
    assert signature.positional == ("b", "c")
    assert signature.optional == frozenset("bcde")


@pytest.mark.parametrize("func", [Fit().method, Fit.made], ids=["method", "classmethod"])
def test_the_first_argument_of_a_method_is_no_input(func: Any) -> None:
    assert read_signature(func).positional == ("frame",)


def test_an_object_that_can_be_called_has_the_arguments_of_its_call() -> None:
    assert read_signature(Fit()) == Signature(("frame",), ("alpha",), frozenset())


def test_a_decorated_function_has_the_arguments_of_what_it_wraps() -> None:
    @functools.wraps(plain)
    def wrapper(*args: Any, **kwargs: Any) -> None: ...

    assert read_signature(wrapper) == read_signature(plain)


def test_a_closure_is_read_as_any_function() -> None:
    held = 1

    def inner(x: Any, y: Any = held) -> Any:
        return x, y, held

    assert read_signature(inner) == Signature(("x", "y"), (), frozenset("y"))


@pytest.mark.parametrize(
    "func", [coroutine, stream, partial(coroutine, x=1)], ids=["async", "async-generator", "partial"]
)
def test_a_coroutine_function_is_refused_with_its_line(func: Any) -> None:
    with pytest.raises(PipelineError) as refused:
        read_signature(func)
    name = innermost_function(func).__name__
    assert refused.value.message == f"node function {name!r} is a coroutine function"
    assert refused.value.where == where_defined(func)
    assert "test_signature.py:" in refused.value.where
    assert refused.value.hint == "make it a plain function; it may call asyncio.run() itself"


def test_an_object_whose_call_is_a_coroutine_is_refused() -> None:
    class Later:
        async def __call__(self, x: Any) -> None: ...

    with pytest.raises(PipelineError, match="is a coroutine function"):
        read_signature(Later())


def test_a_class_is_refused_with_its_line() -> None:
    with pytest.raises(PipelineError) as refused:
        read_signature(Fit)
    assert refused.value.message == "node function 'Fit' is a class"
    assert "test_signature.py:" in refused.value.where
    assert refused.value.hint == "give a function that makes and returns it"


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"a node needs a function, not int 5"):
        read_signature(5)  # type: ignore[arg-type]


def test_a_function_without_a_signature_is_refused() -> None:
    with pytest.raises(PipelineError) as refused:
        read_signature(max)
    assert refused.value.message == "the arguments of 'max' cannot be told"
    assert refused.value.hint == "wrap it in a function of your own"


@pytest.mark.parametrize(
    ("func", "streams"), [(chunks, True), (partial(chunks, x=1), True), (plain, False), (Fit(), False)]
)
def test_a_generator_function_is_told_from_others(func: Any, streams: bool) -> None:
    assert is_generator_function(func) is streams


def test_a_function_is_described_by_its_own_name() -> None:
    assert describe(partial(plain, 1)) == "plain"
    assert describe(Fit()) == "Fit"


def test_the_place_of_a_builtin_is_empty() -> None:
    assert where_defined(len) == ""
