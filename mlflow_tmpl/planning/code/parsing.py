"""Syntax trees, made one at a time."""

from __future__ import annotations

import ast
from threading import Lock

_TURN = Lock()
"""CPython 3.11 counts how deep it is in the trees of all threads together: two at once can end in a `SystemError`."""


def module_tree(source: bytes) -> ast.Module:
    """Return the syntax tree of a module; errors are those of `ast.parse`."""
    with _TURN:
        return ast.parse(source)


def expression_tree(text: str) -> ast.Expression:
    """Return the syntax tree of an expression; errors are those of `ast.parse`."""
    with _TURN:
        return ast.parse(text, mode="eval")
