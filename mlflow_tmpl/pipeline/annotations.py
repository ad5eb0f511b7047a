"""Types along edges: a plain contradiction between what is given and what is taken is found before anything runs."""

from __future__ import annotations

import sys
from functools import partial
from numbers import Number
from types import FunctionType
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import PipelineError
from mlflow_tmpl.pipeline.names import base_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.pipeline.node import Node
    from mlflow_tmpl.pipeline.pipeline import Pipeline

_WIDER: dict[type, set[type]] = {
    int: {float, complex},
    float: {complex},
    bool: {float, complex},
    bytearray: {bytes},
    memoryview: {bytes},
}
"""What stands for something else without being derived from it (PEP 484, "The numeric tower")."""

_SCALARS: frozenset[type] = frozenset({bool, int, float, complex, str, bytes})


def check_types(pipeline: Pipeline, in_memory: Callable[[str], bool]) -> None:
    """Check the edges whose values pass in memory, where both ends declare a plain class.

    Raises:
        PipelineError: neither of the two classes is derived from the other.
    """
    hints: dict[Any, Mapping[str, Any]] = {}
    for node in pipeline.nodes:
        if not getattr(node.func, "__annotations__", None):
            continue
        for argument, name in node.inputs.items():
            maker = pipeline.producers.get(base_name(name))
            if maker is None or not in_memory(name) or argument == node.over:
                continue
            giver = pipeline.nodes[maker]
            given = _given(giver, name, hints)
            taken = _hints(node.func, hints).get(argument)
            if _contradict(given, taken):
                raise PipelineError(
                    f"node {giver.name!r} gives {name!r} as {_name(given)}, "
                    f"and node {node.name!r} takes it as {_name(taken)}",
                    where=node.where,
                    hint=f"change one of the two annotations; {giver.name!r} is at {giver.where}",
                )


def _given(giver: Node, name: str, hints: dict[Any, Mapping[str, Any]]) -> Any:
    if giver.over:
        return dict
    returned = _hints(giver.func, hints).get("return")
    if not giver.several:
        return returned
    parts = getattr(returned, "__args__", ())
    if (
        getattr(returned, "__origin__", None) is tuple
        and len(parts) == len(giver.outputs)
        and not giver.returned_keys
    ):
        return parts[giver.outputs.index(name)] if name in giver.outputs else None
    return None


def _hints(func: Callable[..., Any], known: dict[Any, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the annotations of a function, resolved; those that cannot be resolved are left out.

    A decorated function says nothing: it has the annotations of what it wraps, and may give and take something else.
    """
    inner = func.func if isinstance(func, partial) else func
    if not isinstance(inner, FunctionType) or hasattr(inner, "__wrapped__"):
        return {}
    if inner not in known:
        known[inner] = {name: _resolve(inner, hint) for name, hint in inner.__annotations__.items()}
    return known[inner]


def _resolve(func: FunctionType, hint: Any) -> Any:
    if not isinstance(hint, str):
        return hint
    names = vars(sys.modules[func.__module__]) if func.__module__ in sys.modules else func.__globals__
    try:
        return eval(hint, dict(names))
    except Exception:  # noqa: BLE001 (an annotation may be anything; one that cannot be told is let through)
        return None


def _contradict(given: Any, taken: Any) -> bool:
    if type(given) is not type or type(taken) is not type or object in (given, taken):
        return False
    if issubclass(given, taken) or issubclass(taken, given) or taken in _WIDER.get(given, set()):
        return False
    return {given, taken} <= _SCALARS or not (_is_scalar(given) and _is_scalar(taken))


def _is_scalar(kind: type) -> bool:
    """Tell a number or text: those of numpy and others stand for the built-in ones without being derived from them."""
    return (
        kind in _SCALARS
        or any(base.__name__ == "generic" for base in kind.__mro__)
        or issubclass(kind, Number)
    )


def _name(hint: Any) -> str:
    return str(hint.__name__) if hint.__module__ == "builtins" else f"{hint.__module__}.{hint.__name__}"
