"""How a node's function is called: read off its code, without importing `inspect` where that can be spared."""

from __future__ import annotations

from functools import lru_cache, partial
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import PipelineError, place

if TYPE_CHECKING:
    from collections.abc import Callable

_VARARGS, _VARKEYWORDS, _COROUTINE, _ASYNC_GENERATOR, _GENERATOR = 0x04, 0x08, 0x80, 0x200, 0x20


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a function, as far as wiring needs them.

    Attributes:
        positional: arguments before the star, in order.
        keyword_only: arguments after the star.
        optional: those of both that have a default.
        positional_only: how many of `positional` cannot be given by name.
        takes_any: whether there is an ``*args``.
        takes_any_name: whether there is a ``**kwargs``.
    """

    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    optional: frozenset[str]
    positional_only: int = 0
    takes_any: bool = False
    takes_any_name: bool = False


def read_signature(func: Callable[..., Any]) -> Signature:
    """Return the arguments of a function.

    Raises:
        PipelineError: it is a class or a coroutine function, or its arguments cannot be told.
    """
    if type(func) is FunctionType and "__wrapped__" not in func.__dict__:
        return _of_function(func) if func.__closure__ else _of_plain_function(func)
    return _of_any(func)


@lru_cache(maxsize=1024)
def _of_plain_function(func: FunctionType) -> Signature:
    """Remember functions that many nodes share; one with a closure would be kept alive with all that it holds."""
    return _of_function(func)


def _of_function(func: FunctionType) -> Signature:
    code = func.__code__
    _refuse_coroutine(func, code.co_flags)
    count = code.co_argcount
    positional = code.co_varnames[:count]
    keyword_only = code.co_varnames[count : count + code.co_kwonlyargcount]
    optional = (positional[count - len(func.__defaults__) :] if func.__defaults__ else ()) + tuple(
        func.__kwdefaults__ or ()
    )
    return Signature(
        positional,
        keyword_only,
        frozenset(optional),
        code.co_posonlyargcount,
        bool(code.co_flags & _VARARGS),
        bool(code.co_flags & _VARKEYWORDS),
    )


def _refuse_coroutine(func: Callable[..., Any], flags: int) -> None:
    if flags & (_COROUTINE | _ASYNC_GENERATOR):
        raise PipelineError(
            f"node function {describe(func)!r} is a coroutine function",
            where=where_defined(func),
            hint="make it a plain function; it may call asyncio.run() itself",
        )


def _of_any(func: Callable[..., Any]) -> Signature:
    import inspect

    if isinstance(func, type):
        raise PipelineError(
            f"node function {describe(func)!r} is a class",
            where=where_defined(func),
            hint="give a function that makes and returns it",
        )
    if not callable(func):
        raise PipelineError(f"a node needs a function, not {type(func).__name__} {func!r:.80}")
    innermost = inspect.unwrap(func.func if isinstance(func, partial) else func)
    code = _code_of(innermost)
    _refuse_coroutine(func, code.co_flags if code else 0)
    try:
        arguments = inspect.signature(func).parameters.values()
    except (TypeError, ValueError) as error:
        raise PipelineError(
            f"the arguments of {describe(func)!r} cannot be told",
            where=where_defined(func),
            hint="wrap it in a function of your own",
        ) from error
    kinds = inspect.Parameter
    positional = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    return Signature(
        tuple(positional),
        tuple(a.name for a in arguments if a.kind is kinds.KEYWORD_ONLY),
        frozenset(a.name for a in arguments if a.default is not a.empty),
        sum(a.kind is kinds.POSITIONAL_ONLY for a in arguments),
        any(a.kind is kinds.VAR_POSITIONAL for a in arguments),
        any(a.kind is kinds.VAR_KEYWORD for a in arguments),
    )


def innermost_function(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a user would call *the* function: below partials and well-behaved decorators."""
    while True:
        if isinstance(func, partial):
            func = func.func
        elif hasattr(func, "__wrapped__"):
            func = func.__wrapped__
        else:
            return func


def is_generator_function(func: Callable[..., Any]) -> bool:
    """Tell whether calling the function gives a stream of chunks."""
    inner = innermost_function(func)
    code = _code_of(inner)
    return code is not None and bool(code.co_flags & _GENERATOR)


def _code_of(func: Callable[..., Any]) -> CodeType | None:
    """Return the code that runs when a function or a callable object is called, if it is written in Python."""
    code = getattr(func, "__code__", None) or getattr(type(func).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


def describe(func: Callable[..., Any]) -> str:
    """Return the name of a function for messages."""
    inner = innermost_function(func)
    return getattr(inner, "__qualname__", None) or type(inner).__qualname__


def where_defined(func: Callable[..., Any]) -> str:
    """Return ``file:line`` of a function or class, or an empty string where there is no source."""
    inner = innermost_function(func)
    code = _code_of(inner)
    if code is not None:
        return place(code.co_filename, code.co_firstlineno)
    if isinstance(inner, type):
        import inspect

        try:
            return place(inspect.getfile(inner), inspect.getsourcelines(inner)[1])
        except (OSError, TypeError):
            return ""
    return ""
