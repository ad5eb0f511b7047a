"""Fingerprints of Python values that are bound into functions: in partials, closures, defaults and objects."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow_tmpl.hashing import digest_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PLAIN = {
    *(type(None), bool, int, float, complex, str, bytes, range),
    *(Decimal, Fraction, date, datetime, time, timedelta, type(...), type(NotImplemented)),
}
"""Types whose `repr` tells a value whole. Subclasses are not among them: they may hold more, or tell less."""

_CACHED = type(lru_cache(lambda: None))
_PICKLING = ("__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__")
_SAID = frozenset({"__doc__", "__annotations__", "__annotate__", "__type_params__"})
"""What `functools.update_wrapper` puts into an object that says something about the function and does nothing."""

_HAS_DOCSTRING = 0x4000000
_DEEPEST = 50


class Reached(NamedTuple):
    """What a value comes from.

    Attributes:
        module: its dotted name; empty if there is none.
        name: in the module; empty for all of it.
        line: of the source, for a function that is known by its code.
        file: that the line is in.
    """

    module: str
    name: str = ""
    line: int = 0
    file: str = ""


class Unfollowable(Exception):
    """A value whose content cannot be told."""


def bound_values(func: Callable[..., Any], found: Callable[[Reached], object]) -> str:
    """Return a text of all that is bound into a function, the same whenever it is bound to the same.

    Args:
        func: a function, partial, method or callable object.
        found: is called with where each function, class and module that is reached comes from.

    Raises:
        Unfollowable: it holds a value whose content cannot be told.
    """
    return ";".join(_Walk(found).function(func))


class _Walk:
    """One walk over what a function holds; what was seen before is named by its number, not entered again."""

    def __init__(self, found: Callable[[Reached], object]) -> None:
        self.found = found
        self.seen: dict[int, tuple[int, Any]] = {}

    def _again(self, item: Any) -> str:
        """Return the number of what was seen before; an empty text, and a new number, for what was not."""
        known = self.seen.get(id(item))
        if known is None:
            self.seen[id(item)] = (len(self.seen), item)
            return ""
        return f"again {known[0]}"

    def function(self, func: Any, depth: int = 0) -> Iterator[str]:
        again = self._again(func)
        if again:
            yield again
        elif isinstance(func, FunctionType):
            yield from self._plain_function(func, depth)
        elif _is_global(func):
            self.found(_named(func.__module__, _own_name(func)))
            yield f"{func.__module__}.{_own_name(func)}"
        elif type(func) is partial:
            yield f"partial({self.value(func.args, depth + 1)},{self.value(func.keywords, depth + 1)})"
            yield from self.function(func.func, depth)
        elif isinstance(func, MethodType):
            yield f"method of {self.value(func.__self__, depth + 1)}"
            yield from self.function(func.__func__, depth)
        elif type(func) is _CACHED:
            yield "cached"
            yield from self.function(func.__wrapped__, depth)
        elif isinstance(func, type):
            yield self._class(func)
        elif callable(func) and not isinstance(func, BuiltinFunctionType):
            yield self._object(func, depth)
        else:
            raise Unfollowable(type(func).__name__)

    def _plain_function(self, func: FunctionType, depth: int) -> Iterator[str]:
        # Both, since a decorator gives its wrapper the module of what it wraps.
        code = func.__code__
        self.found(_named(func.__module__ or "", func.__qualname__))
        self.found(Reached(func.__globals__.get("__name__") or "", "", code.co_firstlineno, code.co_filename))
        yield f"{func.__module__}.{func.__qualname__}"
        if "<" in func.__qualname__:
            yield _code_digest(func.__code__)
        for name, cell in zip(func.__code__.co_freevars, func.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:
                continue
            yield f"{name}={self.value(content, depth + 1)}"
        own = {name: held for name, held in vars(func).items() if not name.startswith("__")}
        if own:
            yield self.value(own, depth + 1)
        for default in ((func.__defaults__ or ()), *(func.__kwdefaults__ or {}).items()):
            try:
                yield self.value(default, depth + 1)
            except Unfollowable:
                # The expression that made it stands in the module's source, which counts as a whole;
                # that of an inner function may depend on what the outer one was called with.
                if "<locals>" in func.__qualname__:
                    raise

    def value(self, value: Any, depth: int = 0) -> str:
        if depth > _DEEPEST:
            raise Unfollowable("values nested too deep")
        kind = type(value)
        if kind in _PLAIN or (isinstance(value, PurePath) and kind.__module__.startswith("pathlib")):
            return f"{kind.__name__}:{len(repr(value))}:{value!r}"
        if isinstance(value, Enum):
            return f"{self._class(kind)}.{value.name or self.value(value.value, depth + 1)}"
        if kind in (tuple, list, set, frozenset, dict):
            return f"{kind.__name__}[{','.join(self._items(value, depth + 1))}]"
        if isinstance(value, ModuleType) and sys.modules.get(value.__name__) is value:
            self.found(Reached(value.__name__))
            return f"module {value.__name__}"
        if callable(value):
            return f"<{';'.join(self.function(value, depth + 1))}>"
        return self._object(value, depth)

    def _items(self, value: Any, depth: int) -> list[str]:
        if type(value) is dict:
            return self._pairs(value.items(), depth)
        items = [self.value(item, depth) for item in value]
        return sorted(items) if isinstance(value, (set, frozenset)) else items

    def _pairs(self, pairs: Iterable[tuple[Any, Any]], depth: int) -> list[str]:
        return [f"{self.value(key, depth)}:{self.value(item, depth)}" for key, item in pairs]

    def _class(self, kind: type) -> str:
        """Reach a class and all that it is derived from."""
        for base in kind.__mro__:
            self.found(_named(base.__module__, base.__qualname__))
        if "<locals>" in kind.__qualname__:
            raise Unfollowable(f"class {kind.__qualname__!r} made in a function")
        return f"{kind.__module__}.{kind.__qualname__}"

    def _object(self, value: Any, depth: int) -> str:
        """Follow an object of a plain class by its attributes, as pickling it would."""
        again = "" if callable(value) else self._again(value)
        return again or f"{self._class(type(value))}{','.join(self._state(value, depth))}"

    def _state(self, value: Any, depth: int) -> Iterator[str]:
        kind = type(value)
        if any(name in vars(base) for base in kind.__mro__[:-1] for name in _PICKLING):
            raise Unfollowable(kind.__qualname__)
        state = getattr(kind, "__getstate__", None)
        if state is not getattr(object, "__getstate__", None) and state.__module__ != "dataclasses":
            raise Unfollowable(kind.__qualname__)
        try:
            _, made, held, items, pairs = (*object.__reduce_ex__(value, 2), None, None)[:5]
        except TypeError as error:
            raise Unfollowable(kind.__qualname__) from error
        if type(held) is dict:
            held = {name: part for name, part in held.items() if name not in _SAID}
        yield self.value(made[1:], depth + 1)
        yield self.value(held, depth + 1)
        yield self.value(list(items or ()), depth + 1)
        yield from self._pairs(pairs or (), depth + 1)


def _named(module: str, qualified: str) -> Reached:
    """Return the top-level definition that a function or class belongs to; a lambda is told by its line alone."""
    return Reached(module, qualified.partition(".")[0])


def _own_name(func: Any) -> str:
    return getattr(func, "__qualname__", None) or getattr(func, "__name__", None) or ""


def _is_global(func: Any) -> bool:
    """Tell whether a function or class can be told by where it stands, as pickling it would."""
    found = sys.modules.get(getattr(func, "__module__", None) or "")
    if found is None or not _own_name(func):
        return False
    for part in _own_name(func).split("."):
        found = getattr(found, part, None)
    return found is func


@lru_cache(maxsize=4096)
def _code_digest(code: CodeType) -> str:
    """Return what tells inner functions and lambdas of one name in one module apart; a docstring does not count."""
    constants = code.co_consts
    if code.co_name[:1] != "<" and _has_docstring(code):
        constants = constants[1:]
    return digest_parts(
        [
            code.co_code.hex(),
            *map(repr, (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)),
            *map(_constant, constants),
        ]
    )


def _has_docstring(code: CodeType) -> bool:
    if sys.version_info >= (3, 14):
        return bool(code.co_flags & _HAS_DOCSTRING)
    return bool(code.co_consts) and isinstance(code.co_consts[0], str)


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _code_digest(value)
    if isinstance(value, frozenset):
        return f"frozenset{sorted(map(_constant, value))}"
    if isinstance(value, tuple):
        return f"({','.join(map(_constant, value))})"
    return repr(value)
