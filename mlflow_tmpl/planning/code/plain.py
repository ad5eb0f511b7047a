"""Which statements at the top level of a module are plain definitions, and what runs when they are imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlflow_tmpl.planning.code.calls import Happening, function_calls, function_defaults
from mlflow_tmpl.planning.code.normal import last_name
from mlflow_tmpl.planning.code.scopes import FUNCTIONS, class_scope
from mlflow_tmpl.planning.code.units import METACLASS, SILENT, SUBCLASS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_tmpl.planning.code.units import Calls

_STATELESS = frozenset(
    {"property", "staticmethod", "classmethod", "abstractmethod", "overload", "setter", "override"}
)
"""Decorators that hold nothing that could change later."""

_MAKING = frozenset({"__init__", "__new__", "__post_init__"})


def import_calls(statements: Sequence[ast.stmt]) -> Calls:
    """Return what importing some statements calls; ``None`` if they do more than define names."""
    happening = Happening({})
    for statement in statements:
        _happen(statement, happening)
    return happening.told


def _happen(node: ast.stmt, happening: Happening) -> None:
    if isinstance(node, FUNCTIONS):
        happening.decorators(node.decorator_list)
        happening.expressions(function_defaults(node))
    elif isinstance(node, ast.ClassDef):
        _derive(node, happening)
    elif (isinstance(node, ast.Assign) and all(map(_binds_names, node.targets))) or (
        isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ):
        happening.expressions([node.value])
    elif isinstance(node, ast.If):
        happening.expressions([node.test])
        _happen_all([*node.body, *node.orelse], happening)
    elif isinstance(node, ast.Try):
        happening.expressions([handler.type for handler in node.handlers])
        handled = [statement for handler in node.handlers for statement in handler.body]
        _happen_all([*node.body, *handled, *node.orelse, *node.finalbody], happening)
    elif (
        isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == "__all__"
    ):
        happening.expressions([node.value])
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and happening.path(node.value.func):
        happening.expressions([node.value])
        happening.include((f"{happening.path(node.value.func)}{SILENT}",))
    elif not _is_still(node):
        happening.hidden = True


def _happen_all(nodes: Iterable[ast.stmt], happening: Happening) -> None:
    for node in nodes:
        _happen(node, happening)


def _is_still(node: ast.stmt) -> bool:
    """Tell whether a statement does nothing, or nothing but import."""
    return isinstance(node, (ast.Pass, ast.Import, ast.ImportFrom, ast.Raise)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _binds_names(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(map(_binds_names, target.elts))
    return isinstance(target, ast.Name) or (isinstance(target, ast.Starred) and _binds_names(target.value))


def _derive(node: ast.ClassDef, happening: Happening) -> None:
    """Take note of what defining a class calls: decorators, what its body runs, hooks of its bases."""
    happening.decorators(node.decorator_list)
    inner = Happening(dict.fromkeys(class_scope(node, None).names, "own"))
    _happen_all(node.body, inner)
    happening.include(inner.told)
    for keyword in node.keywords:
        happening.expressions([keyword.value])
        if keyword.arg == "metaclass":
            path = Happening({}).path(keyword.value)
            happening.include(None if path is None else (path + METACLASS,))
    for base in node.bases:
        happening.expressions([base])
        happening.include(_subclassed(base))


def _subclassed(base: ast.expr) -> Calls:
    """Return the path of a base class, marked as such; ``None`` for one that is made on the spot."""
    happening = Happening({})
    path = happening.path(base.value if isinstance(base, ast.Subscript) else base)
    return None if path is None else (path.removesuffix("()") + ("" if path.endswith("()") else SUBCLASS),)


def class_calls(node: ast.ClassDef) -> tuple[Calls, Calls]:
    """Return what making an instance of a class calls, and what deriving a class from it calls."""
    making, deriving = Happening({}), Happening({})
    for method in (part for part in node.body if isinstance(part, FUNCTIONS)):
        if method.name in _MAKING:
            making.include(function_calls(method, own=method.name != "__new__")[0])
        deriving.hidden |= method.name == "__init_subclass__"
    deriving.hidden |= any(keyword.arg == "metaclass" for keyword in node.keywords)
    for base in node.bases:
        path = _subclassed(base)
        deriving.include(path)
        making.include(path if path is None else tuple(each.removesuffix(SUBCLASS) for each in path))
    return making.told, deriving.told


def is_fixed(node: ast.stmt) -> bool:
    """Tell whether what a statement defines can never change by itself: numbers, texts, functions without state."""
    if isinstance(node, FUNCTIONS):
        stateless = all(last_name(each) in _STATELESS for each in node.decorator_list)
        return stateless and all(map(_is_immutable, function_defaults(node)))
    if isinstance(node, ast.ClassDef):
        return all(is_fixed(part) for part in node.body)
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is None or _is_immutable(node.value)
    return isinstance(node, (ast.Pass, ast.Expr))


def _is_immutable(node: ast.expr) -> bool:
    return all(isinstance(part, _IMMUTABLE) for part in _nodes(node))


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    return (part for part in ast.walk(node) if not isinstance(part, ast.Load))


_IMMUTABLE = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
