"""The functions that a row of the table needs, made of the names of a library's own."""

from __future__ import annotations

import os
from importlib import import_module
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def function(name: str) -> Any:
    """Return what a dotted name means; its module is imported now."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def reads(name: str, **fixed: Any) -> Callable[..., Any]:
    """Return a `load` that calls a library's function with the source and the `load_args`."""

    def load(source: Any, **load_args: Any) -> Any:
        return function(name)(_text(source), **{**fixed, **load_args})

    return load


def reads_some(name: str, limit: str, **fixed: Any) -> Callable[..., Any]:
    """Return a `head` for a function that has an argument for the number of rows."""

    def head(source: Any, rows: int, **load_args: Any) -> Any:
        return function(name)(_text(source), **{**fixed, **load_args, limit: rows})

    return head


def writes(method: str, kind: str) -> Callable[..., None]:
    """Return a `save` that calls a method of the data with the target and the `save_args`.

    Args:
        method: the method's name.
        kind: what has such a method, for the error when the data has not.
    """

    def save(data: Any, target: Any, **save_args: Any) -> None:
        method_of(data, method, kind)(_text(target), **save_args)

    return save


def writes_with(name: str, kind: str = "", *, target_first: bool = False) -> Callable[..., None]:
    """Return a `save` that calls a library's function with the data and the target, in the order it wants.

    Args:
        name: the function's dotted name.
        kind: dotted name of the class that the data must be of; empty if the function says so well itself.
        target_first: whether the target comes before the data.
    """

    def save(data: Any, target: Any, **save_args: Any) -> None:
        if kind:
            require(data, kind)
        given = (_text(target), data) if target_first else (data, _text(target))
        function(name)(*given, **save_args)

    return save


def require(data: Any, kind: str) -> None:
    """Refuse data that is not of a class.

    Raises:
        TypeError: it is not; the message names both.
    """
    if not isinstance(data, function(kind)):
        raise TypeError(f"a {kind} is needed, not {type(data).__name__}")


def method_of(data: Any, method: str, kind: str) -> Callable[..., Any]:
    """Return a method of the data.

    Raises:
        TypeError: it has none, so it is not of the kind.
    """
    found = getattr(data, method, None)
    if found is None:
        raise TypeError(f"{kind} is needed, not {type(data).__name__}")
    return found  # type: ignore[no-any-return]


def appends(method: str, kind: str, **later: Any) -> Callable[..., None]:
    """Return a `stream` that writes each chunk by a method of its own behind the one before.

    Args:
        method: the method's name.
        kind: what has such a method.
        later: arguments for all chunks but the first: without the header.
    """

    def stream(chunks: Iterator[Any], file: IO[bytes], **save_args: Any) -> None:
        first, rest = first_of(chunks)
        columns = list(method_of(first, "columns", kind))  # type: ignore[call-overload]
        for number, chunk in enumerate(rest, start=1):
            write = method_of(chunk, method, kind)
            if list(chunk.columns) != columns:
                found = list(chunk.columns)
                raise ValueError(f"chunk {number} has the columns {found}, the first has {columns}")
            write(file, **(save_args if number == 1 else {**save_args, **later}))

    return stream


def first_of(chunks: Iterator[Any]) -> tuple[Any, Iterator[Any]]:
    """Return the first chunk, and all of them.

    Raises:
        ValueError: there is none.
    """
    first = next(chunks, None)
    if first is None:
        raise ValueError("no chunk came, so there are no columns to write")
    return first, chain([first], chunks)


def _text(place: Any) -> Any:
    """Return a path as a text, which every library takes; an open file as it is."""
    return os.fspath(place) if isinstance(place, os.PathLike) else place
