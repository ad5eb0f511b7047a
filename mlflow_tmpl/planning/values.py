"""Fingerprints of Python values that are bound into functions: in partials, closures and defaults."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import partial
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLAIN = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    Decimal,
    Fraction,
    date,
    time,
    timedelta,
    PurePath,
)
_DEEPEST = 50


class Unfollowable(Exception):
    """A value whose content cannot be told."""


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def canonical_json(data: Any) -> str:
    """Return JSON that is the same for equal data, whatever the order of its keys."""
    return _ENCODER.encode(data)


def bound_values(func: Callable[..., Any], found: Callable[[Callable[..., Any] | type], None]) -> str:
    """Return a text of all that is bound into a function, the same whenever it is bound to the same.

    Args:
        func: a function, partial, method or callable object.
        found: is called with each function and class that is reached, so that their code can be followed.

    Raises:
        Unfollowable: it holds a value whose content cannot be told.
    """
    return ";".join(_Walk(found).function(func))


class _Walk:
    """One walk over what a function holds; functions seen before are named, not entered again."""

    def __init__(self, found: Callable[[Callable[..., Any] | type], None]) -> None:
        self.found = found
        self.seen: set[int] = set()

    def function(self, func: Any, depth: int = 0) -> Iterator[str]:
        if id(func) in self.seen:
            return
        self.seen.add(id(func))
        if isinstance(func, partial):
            yield f"partial({self.value(func.args, depth)},{self.value(func.keywords, depth)})"
            yield from self.function(func.func, depth)
        elif isinstance(func, MethodType):
            self.found(func.__func__)
            yield f"method {func.__func__.__qualname__} of {self.value(func.__self__, depth)}"
        elif isinstance(func, FunctionType):
            yield from self._plain_function(func, depth)
        elif isinstance(func, (BuiltinFunctionType, type)) or hasattr(func, "__wrapped__"):
            self.found(func)
            yield f"{getattr(func, '__module__', '')}.{getattr(func, '__qualname__', repr(type(func)))}"
            if hasattr(func, "__wrapped__"):
                yield from self.function(func.__wrapped__, depth)
        elif callable(func):
            yield self._object(func, depth)
        else:
            raise Unfollowable(type(func).__name__)

    def _plain_function(self, func: FunctionType, depth: int) -> Iterator[str]:
        self.found(func)
        yield f"{func.__module__}.{func.__qualname__}"
        for name, cell in zip(func.__code__.co_freevars, func.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:
                continue
            yield f"{name}={self.value(content, depth)}"
        for default in (*(func.__defaults__ or ()), *(func.__kwdefaults__ or {}).values()):
            try:
                yield self.value(default, depth)
            except Unfollowable:
                # The expression that made it stands in the module's source, which counts as a whole.
                continue

    def value(self, value: Any, depth: int = 0) -> str:
        if depth > _DEEPEST:
            raise Unfollowable("nested values")
        if isinstance(value, Enum):
            self.found(type(value))
            return f"{type(value).__qualname__}.{value.name}"
        if isinstance(value, _PLAIN):
            return f"{type(value).__name__}:{len(repr(value))}:{value!r}"
        if type(value) in (tuple, list):
            return f"{type(value).__name__}[{','.join([self.value(item, depth + 1) for item in value])}]"
        if type(value) in (set, frozenset):
            return f"set[{','.join(sorted([self.value(item, depth + 1) for item in value]))}]"
        if type(value) is dict:
            pairs = [
                f"{self.value(key, depth + 1)}:{self.value(item, depth + 1)}" for key, item in value.items()
            ]
            return f"dict[{','.join(pairs)}]"
        if isinstance(value, ModuleType):
            raise Unfollowable(f"module {value.__name__}")
        if callable(value):
            return f"<{';'.join(self.function(value, depth + 1))}>"
        return self._object(value, depth)

    def _object(self, value: Any, depth: int) -> str:
        """Follow an object of a plain class by its attributes."""
        kind = type(value)
        if "__dict__" not in dir(value) or (
            hasattr(kind, "__getstate__") and kind.__getstate__ is not getattr(object, "__getstate__", None)
        ):
            raise Unfollowable(kind.__qualname__)
        if any("__slots__" in vars(base) or base.__module__ == "builtins" for base in kind.__mro__[:-1]):
            raise Unfollowable(kind.__qualname__)
        self.found(kind)
        if id(value) in self.seen and not callable(value):
            return f"again {kind.__qualname__}"
        self.seen.add(id(value))
        return f"{kind.__module__}.{kind.__qualname__}{self.value(dict(vars(value)), depth + 1)}"
