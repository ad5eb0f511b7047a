"""What a node's function says about itself: docstring, signature, source text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.pipeline.signature import innermost_function

if TYPE_CHECKING:
    from collections.abc import Callable


def docstring(func: Callable[..., Any]) -> str:
    """Return a function's own docstring, without its indentation; a class's stands for its instances."""
    found = getattr(innermost_function(func), "__doc__", None)
    return _dedented(found) if isinstance(found, str) else ""


def _dedented(text: str) -> str:
    """As `inspect.cleandoc`, whose module is too slow to import for a drawing on the terminal."""
    first, *rest = text.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return "\n".join([first.strip(), *(line[margin:].rstrip() for line in rest)]).strip("\n")


def source_text(func: Callable[..., Any]) -> str:
    """Return the source text of a function, or of the class of a callable object; empty where there is none."""
    import inspect
    from textwrap import dedent

    inner = innermost_function(func)
    own = getattr(inner, "__code__", inner)  # of a function that is remembered there is nothing else
    for candidate in (own, type(inner)):
        try:
            return dedent(inspect.getsource(candidate)).rstrip()
        except (OSError, TypeError, SyntaxError, IndexError):
            continue
    return ""


def signature(func: Callable[..., Any]) -> str:
    """Return ``name(arguments) -> result`` as written; empty where it cannot be told."""
    import inspect

    inner = innermost_function(func)
    found = getattr(inner, "__mlo_signature__", None)  # a function that is remembered says it itself
    if found is None:
        try:
            found = inspect.signature(inner)
        except (TypeError, ValueError):
            return ""
    return f"{getattr(inner, '__name__', type(inner).__name__)}{found}"
