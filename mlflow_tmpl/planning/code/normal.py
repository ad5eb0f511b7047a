"""The normal form of a piece of code, and the names outside that it reaches, in one walk over its tree.

Two pieces with one normal form do the same: comments, docstrings, formatting and the names of local variables are not
in it. No flow of data is followed; a name that may be the module's counts as read.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.planning.code.parsing import expression_tree
from mlflow_tmpl.planning.code.scopes import (
    COMPREHENSIONS,
    FUNCTIONS,
    Comprehension,
    Scope,
    class_scope,
    comprehension_scope,
    find,
    function_scope,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UNSEEN = frozenset({"ctx", "type_comment", "kind"})
_FRAMES = frozenset({"locals", "vars", "dir", "eval", "exec"})
_FRAME_ATTRIBUTES = frozenset({"_getframe", "currentframe", "f_locals", "stack_frames", "extract_stack"})
_BY_TEXT = frozenset({"eval", "query", "sql", "execute", "evaluate", "from_query", "sqldf"})
"""Methods that look names up in the frame that calls them: ``frame.query("x > @limit")``."""

_WORD = re.compile(r"[^\W\d]\w*")

_NAMESPACES = frozenset({"globals", "vars", "locals", "dir"})
"""What can see all names of a module."""

CHANGING = frozenset(
    {"append", "appendleft", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "popleft"}
    | {
        "remove",
        "discard",
        "clear",
        "sort",
        "reverse",
        "register",
        "__setitem__",
        "__setattr__",
        "__delitem__",
    }
    | {"__delattr__", "__ior__", "__iadd__", "intersection_update", "difference_update", "move_to_end"}
)
"""Methods that are known to change what they belong to."""

_ASSIGNING = frozenset({"setattr", "delattr", "setitem", "delitem"})


class Walk:
    """Walks over one piece of code.

    Args:
        absolute: makes the module of a relative import absolute, from its name and its level.

    Attributes:
        reads: paths of names that are not local, as `Unit` has them.
        stores: those that something is assigned into.
        acts: those that are called for their effect.
        dynamic: whether it can see all names of its module.
        patches: whether it assigns attributes of what it was given or has under another name.
    """

    def __init__(self, absolute: Callable[[str, int], str]) -> None:
        self._absolute = absolute
        self._out: list[str] = []
        self._scope: Scope | None = None
        self._renaming = True
        self._texts: set[str] = set()
        self._names: dict[tuple[int, str], str] = {}
        self._in_annotation = False
        self.reads: dict[str, None] = {}
        self.stores: dict[str, None] = {}
        self.acts: dict[str, None] = {}
        self.dynamic = False
        self.patches = False

    def normal_form(self, node: ast.AST) -> str:
        """Return the normal form of a tree, taking note of what it reaches."""
        self._look_for_names_in_texts(node)
        self._visit(node)
        return " ".join(self._out)

    def _look_for_names_in_texts(self, node: ast.AST) -> None:
        """Find what sees the names of variables: they count then, and so do those of the module."""
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                self._texts.update(_WORD.findall(part.value))
            elif isinstance(part, ast.Name):
                self._renaming &= part.id not in _FRAMES
            elif isinstance(part, ast.Attribute):
                self._renaming &= part.attr not in _FRAME_ATTRIBUTES
            elif isinstance(part, ast.Call) and last_name(part.func) in _BY_TEXT and part.args:
                literal = part.args[0]
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    self.reads.update(dict.fromkeys(_WORD.findall(literal.value)))
                elif isinstance(part.func, ast.Attribute):
                    self._renaming, self.dynamic = False, True

    def _visit(self, value: Any) -> None:
        if isinstance(value, ast.AST):
            special = _SPECIAL.get(type(value))
            if special is not None:
                special(self, value)
            else:
                self._plain(value)
        elif isinstance(value, list):
            self._out.append("[")
            for item in value:
                self._visit(item)
            self._out.append("]")
        else:
            self._out.append(repr(value))

    def _plain(self, node: ast.AST, *without: str) -> None:
        self._out.append(type(node).__name__ + "(")
        for name in node._fields:
            if name not in _UNSEEN and name not in without:
                self._visit(getattr(node, name, None))
        self._out.append(")")

    def _within(self, scope: Scope, values: Iterable[Any]) -> None:
        self._scope, outer = scope, self._scope
        for value in values:
            self._visit(value)
        self._scope = outer

    # Names.

    def _token(self, name: str) -> str:
        """Return what a name is called in the normal form."""
        owner = find(self._scope, name)
        if owner is None or name not in owner.renamed or not self._renaming or name in self._texts:
            return name
        return self._names.setdefault((id(owner), name), f"%{len(self._names)}")

    def _origins(self, name: str) -> list[str]:
        """Return how a name is reached from outside this piece of code: not at all if it is a local variable."""
        owner = find(self._scope, name)
        if owner is None:
            return [name]
        return [f"@{origin}" for origin in owner.origins.get(name, ())]

    def _paths(self, node: ast.expr) -> list[str]:
        """Return the paths that an expression stands for: a name, or attributes of one."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return []
        found = self._origins(node.id)
        if self._scope is not None and self._scope.is_class and find(self._scope, node.id) is self._scope:
            found = [*found, node.id]  # in a class body it is the module's until the class has bound it
        return [".".join([origin, *reversed(attributes)]) for origin in found]

    def _name(self, node: ast.Name) -> None:
        self._read(node)
        self._out.append(self._token(node.id))
        if isinstance(node.ctx, (ast.Store, ast.Del)) and find(self._scope, node.id) is None and self._scope:
            self.stores[node.id] = None

    def _attribute(self, node: ast.Attribute) -> None:
        self._read(node)
        self._out.append(f".{node.attr}")
        inner: ast.expr = node.value
        while isinstance(inner, ast.Attribute):
            self._out.append(f".{inner.attr}")
            inner = inner.value
        if isinstance(inner, ast.Name):
            self._out.append(self._token(inner.id))
        else:
            self._visit(inner)
        if not isinstance(node.ctx, ast.Load):
            self.stores.update(dict.fromkeys(self._paths(_root(node))))
            self._patch(_root(node))

    def _patch(self, node: ast.expr) -> None:
        """Take note of attributes that are assigned to something whose name here is not its own."""
        while isinstance(node, ast.Attribute):
            node = node.value
        self.patches |= not (isinstance(node, ast.Name) and node.id == "self")

    def _read(self, node: ast.Name | ast.Attribute) -> None:
        paths = self._paths(node)
        self.reads.update(dict.fromkeys(paths))
        if isinstance(node, ast.Name) and node.id in _NAMESPACES and node.id in paths:
            self.dynamic = True

    def _subscript(self, node: ast.Subscript) -> None:
        self._plain(node)
        if not isinstance(node.ctx, ast.Load):
            self.stores.update(dict.fromkeys(self._paths(_root(node.value))))

    def _call(self, node: ast.Call) -> None:
        self._plain(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            self.stores.update(dict.fromkeys(self._paths(_root(node.func.value))))
        if last_name(node.func) in _ASSIGNING and node.args:
            self.stores.update(dict.fromkeys(self._stored_by_name(node)))
            self._patch(_root(node.args[0]))

    def _stored_by_name(self, node: ast.Call) -> list[str]:
        """Return what ``setattr(thing, "name", value)`` assigns into."""
        name = node.args[1] if len(node.args) > 1 else None
        literal = f".{name.value}" if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
        return [f"{path}{literal}" for path in self._paths(_root(node.args[0]))]

    def _expression(self, node: ast.Expr) -> None:
        self._plain(node)
        for part in ast.walk(node.value):
            if isinstance(part, ast.Call):
                self.acts.update(dict.fromkeys(self._paths(_root(part.func))))

    def _augmented(self, node: ast.AugAssign) -> None:
        self._plain(node)
        self.stores.update(dict.fromkeys(self._paths(_root(node.target))))

    def _constant(self, node: ast.Constant) -> None:
        self._out.append(f"{type(node.value).__name__}:{node.value!r}")
        if self._in_annotation and isinstance(node.value, str):
            self._quoted(node.value)

    def _quoted(self, text: str) -> None:
        """Read the names in an annotation that stands in quotes."""
        try:
            tree = expression_tree(text)
        except (SyntaxError, ValueError):
            return
        for part in ast.walk(tree):
            if isinstance(part, (ast.Name, ast.Attribute)):
                self.reads.update(dict.fromkeys(self._paths(part)))

    def _annotation(self, node: ast.expr | None) -> None:
        self._in_annotation, before = True, self._in_annotation
        self._visit(node)
        self._in_annotation = before

    # What has a scope of its own.

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._out.append(f"{type(node).__name__} {node.name}(")
        self._visit(node.decorator_list)
        self._visit(getattr(node, "type_params", None) or [])
        self._arguments(node.args)
        self._annotation(node.returns)
        self._within(function_scope(node, self._scope), [node.body])
        self._out.append(")")

    def _lambda(self, node: ast.Lambda) -> None:
        self._out.append("Lambda(")
        self._arguments(node.args)
        self._within(function_scope(node, self._scope), [node.body])
        self._out.append(")")

    def _arguments(self, node: ast.arguments) -> None:
        self._out.append("(")
        for kind in ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg"):
            self._out.append(f"{kind}:")
            self._visit(getattr(node, kind))
        self._visit(node.defaults)
        self._visit(node.kw_defaults)
        self._out.append(")")

    def _argument(self, node: ast.arg) -> None:
        self._out.append(node.arg)
        self._annotation(node.annotation)

    def _annotated(self, node: ast.AnnAssign) -> None:
        self._out.append("AnnAssign(")
        self._visit(node.target)
        self._annotation(node.annotation)
        self._visit(node.value)
        self._out.append(f"{node.simple})")

    def _class(self, node: ast.ClassDef) -> None:
        self._out.append(f"ClassDef {node.name}(")
        for part in (
            node.decorator_list,
            getattr(node, "type_params", None) or [],
            node.bases,
            node.keywords,
        ):
            self._visit(part)
        self._within(class_scope(node, self._scope), [node.body])
        self._out.append(")")

    def _comprehension(self, node: Comprehension) -> None:
        self._out.append(f"{type(node).__name__}(")
        self._visit(node.generators[0].iter)
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        scope = comprehension_scope(node, self._scope)
        for index, generator in enumerate(node.generators):
            self._within(scope, [generator.target, generator.iter] if index else [generator.target])
            self._within(scope, [generator.ifs, generator.is_async])
        self._within(scope, values)
        self._out.append(")")

    # What binds names as texts.

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for own, origin, whole in bindings(node, self._absolute):
            self._out.append(f"import {whole} as {self._token(own)}")
            if self._scope is not None and own in self._scope.names:
                self._scope.origins.setdefault(own, []).append(origin)

    def _handler(self, node: ast.ExceptHandler) -> None:
        self._out.append(f"except {self._token(node.name) if node.name else ''}")
        self._plain(node, "name")

    def _match(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self._out.append(f"as {self._token(node.name) if node.name else ''}")
        self._plain(node, "name")

    def _match_mapping(self, node: ast.MatchMapping) -> None:
        self._out.append(f"rest {self._token(node.rest) if node.rest else ''}")
        self._plain(node, "rest")


_SPECIAL: dict[type[ast.AST], Callable[[Walk, Any], None]] = {
    ast.Name: Walk._name,
    ast.Attribute: Walk._attribute,
    ast.Subscript: Walk._subscript,
    ast.Call: Walk._call,
    ast.Expr: Walk._expression,
    ast.AugAssign: Walk._augmented,
    ast.Constant: Walk._constant,
    ast.Lambda: Walk._lambda,
    ast.arg: Walk._argument,
    ast.AnnAssign: Walk._annotated,
    ast.ClassDef: Walk._class,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import,
    ast.ExceptHandler: Walk._handler,
    ast.MatchAs: Walk._match,
    ast.MatchStar: Walk._match,
    ast.MatchMapping: Walk._match_mapping,
    **dict.fromkeys(FUNCTIONS, Walk._function),
    **dict.fromkeys(COMPREHENSIONS, Walk._comprehension),
}


def bindings(
    node: ast.Import | ast.ImportFrom, absolute: Callable[[str, int], str]
) -> list[tuple[str, str, str]]:
    """Return of each name that an import binds the name, what it is, and what is imported, as absolute names."""
    if isinstance(node, ast.Import):
        return [
            (alias.asname, alias.name, alias.name)
            if alias.asname
            else (alias.name.partition(".")[0], alias.name.partition(".")[0], alias.name)
            for alias in node.names
        ]
    base = absolute(node.module or "", node.level)
    return [
        (alias.asname or alias.name, f"{base}.{alias.name}", f"{base}.{alias.name}") for alias in node.names
    ]


def _root(node: ast.expr) -> ast.expr:
    """Return what a chain of subscripts, calls and attributes of those begins with, as far as it has a path."""
    while True:
        if isinstance(node, (ast.Subscript, ast.Starred)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute) and not _is_chain(node):
            node = node.value
        else:
            return node


def _is_chain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def last_name(node: ast.AST) -> str:
    """Return the last name of what is called."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
