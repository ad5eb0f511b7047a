"""Nodes as plain data, and nodes made from it: their functions are known by what they say, and imported by no one."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline.node import Node
from mlflow_tmpl.pipeline.options import DEFAULT_OPTIONS, NodeOptions
from mlflow_tmpl.pipeline.signature import innermost_function

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

_set = object.__setattr__
_WIRING = tuple(slot for slot in Node.__slots__ if slot not in {"func", "options"})
_PLAIN = (str, int, float, bool, type(None))


class NotPlain(Exception):
    """Something of a node that plain data cannot hold."""


def _template() -> None: ...


class RememberedFunction:
    """What is known of a function that was not imported; it cannot be called.

    Args:
        number: its place among the functions of the definition.
        told: what `tell_function` gave.
    """

    def __init__(self, number: int, told: list[Any]) -> None:
        self.number = number
        self.__name__, self.__qualname__, self.__module__, self.__doc__, self.__mlo_signature__ = told[:5]
        self._file, self._line, self._flags, self.is_plain = told[5:]

    @property
    def __code__(self) -> CodeType:
        """Code that does nothing, and says of itself what the function's own code says."""
        flags = _template.__code__.co_flags | self._flags
        return _template.__code__.replace(
            co_name=self.__name__, co_filename=self._file, co_firstlineno=self._line, co_flags=flags
        )

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Refuse: whoever calls functions loads the project."""
        raise PipelineError(f"function {self.__qualname__!r} was not loaded", hint="run the command again")


_GENERATOR = 0x20


def tell_function(func: Callable[..., Any]) -> list[Any]:
    """Return what `RememberedFunction` holds of a function.

    Raises:
        NotPlain: it has no place.
    """
    inner = innermost_function(func)
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    if code is None:
        raise NotPlain(f"function {inner!r:.60} is not written in Python")
    doc = getattr(inner, "__doc__", None)
    return [
        getattr(inner, "__name__", type(inner).__name__),
        getattr(inner, "__qualname__", type(inner).__qualname__),
        getattr(inner, "__module__", ""),
        doc if isinstance(doc, str) else None,
        _signature(inner),
        code.co_filename,
        code.co_firstlineno,
        code.co_flags & _GENERATOR,
        isinstance(inner, FunctionType),
    ]


def _signature(func: Callable[..., Any]) -> str:
    import inspect  # loading the project has cost more

    try:
        return str(inspect.signature(func))
    except (TypeError, ValueError):
        return ""


def tell_node(node: Node, function: int) -> list[Any]:
    """Return a node as plain data.

    Args:
        node: the node.
        function: number of its function.

    Raises:
        NotPlain: something of it is no plain data.
    """
    return [function, node.options.to_json(), *(_tell(getattr(node, slot)) for slot in _WIRING)]


def made_node(told: list[Any], functions: list[RememberedFunction]) -> Node:
    """Return a node from what `tell_node` gave."""
    made = object.__new__(Node)
    _set(made, "func", functions[told[0]])
    _set(made, "options", NodeOptions(**told[1]) if told[1] else DEFAULT_OPTIONS)
    for slot, value in zip(_WIRING, told[2:], strict=True):
        _set(made, slot, _made(value) if type(value) in _NESTED else value)
    return made


def _tell(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if type(value) is tuple:
        return ["t", *map(_tell, value)]
    if type(value) is frozenset:
        return ["f", *sorted(map(_tell, value))]
    if isinstance(value, Mapping) and all(type(key) is str for key in value):
        return {key: _tell(inner) for key, inner in value.items()}
    from mlflow_tmpl.pipeline.condition import Condition

    if isinstance(value, Condition) and value.func is None:
        return ["c", value.negated, *value.inputs.values()]
    raise NotPlain(f"{value!r:.60} is not plain data")


_NESTED = frozenset({dict, list})
"""What plain data has that is made into something else; all other values, which are the most, are themselves."""


def _made(told: dict[str, Any] | list[Any]) -> Any:
    if isinstance(told, dict):
        return {key: _made(value) if type(value) in _NESTED else value for key, value in told.items()}
    if told[0] == "c":
        from mlflow_tmpl.pipeline.condition import Condition

        return Condition.of(f"not {told[2]}" if told[1] else told[2])
    values = [_made(value) if type(value) in _NESTED else value for value in told[1:]]
    return tuple(values) if told[0] == "t" else frozenset(values)
