"""What a function may change through a variable of its own: ``mine = STORE; mine.append(1)`` changes the module's.

No order is followed: a variable stands for all that it is ever given. What a call gives is not followed either, but for
methods: ``STORE.setdefault("x", [])`` may give a part of what it belongs to.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlflow_tmpl.planning.code.normal import CHANGING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAKING_NEW = frozenset(
    {"dict", "list", "set", "frozenset", "sorted", "tuple", "str", "int", "float", "len", "sum"}
)
"""Functions whose value is no part of what they are given; that it may hold one is left aside."""

_NEW = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr, ast.Constant, ast.Lambda)


def changed_through_variables(node: ast.AST) -> list[str]:
    """Return the paths of what a function or class may change by way of its variables."""
    held: dict[str, dict[str, None]] = {}
    changed: dict[str, None] = {}
    for part in ast.walk(node):
        for target, value in _given(part):
            for name in (each for each in ast.walk(target) if isinstance(each, ast.Name)):
                held.setdefault(name.id, {}).update(dict.fromkeys(_parts(value)))
        changed.update(dict.fromkeys(_changes(part)))
    found: dict[str, None] = {}
    waiting = [name for name in changed if name in held]
    while waiting:
        for path in held.pop(waiting.pop(), ()):
            found[path] = None
            waiting.append(path.partition(".")[0])
    return list(found)


def _given(part: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a statement gives a value to, and the value."""
    if isinstance(part, ast.Assign):
        yield from ((target, part.value) for target in part.targets)
    elif isinstance(part, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield part.target, part.iter
    elif isinstance(part, ast.withitem) and part.optional_vars is not None:
        yield part.optional_vars, part.context_expr
    elif isinstance(part, (ast.NamedExpr, ast.AnnAssign)) and part.value is not None:
        yield part.target, part.value


def _parts(value: ast.expr) -> Iterator[str]:
    """Yield the paths of what a value may be, or be a part of."""
    waiting: list[ast.AST] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Attribute | ast.Name):
            yield from _path(part, waiting)
        elif isinstance(part, ast.Call):
            if isinstance(part.func, ast.Attribute):
                waiting.append(part.func)
            elif isinstance(part.func, ast.Name) and part.func.id not in _MAKING_NEW:
                waiting.extend([*part.args, *(keyword.value for keyword in part.keywords)])
        elif isinstance(part, ast.Subscript):
            waiting.append(part.value)
        elif not isinstance(part, _NEW):
            waiting.extend(ast.iter_child_nodes(part))


def _path(node: ast.expr, waiting: list[ast.AST]) -> Iterator[str]:
    """Yield the path of a chain of attributes; what it begins with is looked at later if it is no name."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        yield ".".join([node.id, *reversed(attributes)])
    else:
        waiting.append(node)


def _changes(part: ast.AST) -> Iterator[str]:
    """Yield the names that what a piece of code changes begins with."""
    changed: ast.expr | None = None
    if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
        changed = part.value
    elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in CHANGING:
        changed = part.func.value
    elif isinstance(part, ast.AugAssign):
        changed = part.target
    while isinstance(changed, (ast.Attribute, ast.Subscript, ast.Call)):
        changed = changed.func if isinstance(changed, ast.Call) else changed.value
    if isinstance(changed, ast.Name):
        yield changed.id
