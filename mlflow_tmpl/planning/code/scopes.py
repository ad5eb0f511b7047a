"""Which names a function, class or comprehension binds for itself: read off its tree, without entering others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scope:
    """A scope below the module's.

    Args:
        parent: the scope around it; ``None`` for the module's.
        names: what it binds; a name that functions around it bind is found through `parent`.
        is_class: whether it is a class body, whose names functions inside do not see.
        renamed: names that may be called anything: not seen from outside.

    Attributes:
        origins: name to what imports in it bind the name to.
        elsewhere: names that ``global`` makes the module's.
    """

    def __init__(
        self, parent: Scope | None, names: set[str], renamed: set[str], *, is_class: bool = False
    ) -> None:
        self.parent = parent
        self.names = names
        self.renamed = renamed
        self.is_class = is_class
        self.origins: dict[str, list[str]] = {}
        self.elsewhere: set[str] = set()


def find(scope: Scope | None, name: str) -> Scope | None:
    """Return the scope whose name it is; ``None`` if it is the module's, or may be."""
    first = scope
    while scope is not None:
        if name in scope.elsewhere:
            return None
        if name in scope.names and (not scope.is_class or scope is first):
            return scope
        scope = scope.parent
    return None


def parameters(arguments: ast.arguments) -> Iterator[ast.arg]:
    """Yield all arguments of a function."""
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (each for each in (arguments.vararg, arguments.kwarg) if each is not None)


def function_scope(node: Function, parent: Scope | None) -> Scope:
    """Return the scope of a function's body."""
    body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
    bound, elsewhere, renamed = _bound(body)
    given = {argument.arg for argument in parameters(node.args)}
    scope = Scope(parent, (bound | given) - elsewhere, renamed - given - elsewhere)
    scope.elsewhere = {name for part in body for name in _declared(part, ast.Global)}
    return scope


def class_scope(node: ast.ClassDef, parent: Scope | None) -> Scope:
    """Return the scope of a class body."""
    bound, elsewhere, _ = _bound(node.body)
    scope = Scope(parent, bound - elsewhere, set(), is_class=True)
    scope.elsewhere = {name for part in node.body for name in _declared(part, ast.Global)}
    return scope


def comprehension_scope(node: Comprehension, parent: Scope | None) -> Scope:
    """Return the scope of a comprehension: its targets are its own."""
    names = {
        part.id
        for generator in node.generators
        for part in ast.walk(generator.target)
        if isinstance(part, ast.Name)
    }
    return Scope(parent, names, set(names))


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what belongs to a node's own scope; of functions and classes in it only themselves."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if not isinstance(part, (*FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS)):
            waiting.extend(ast.iter_child_nodes(part))
        elif isinstance(part, COMPREHENSIONS):
            waiting.extend(_walrus(part))


def _walrus(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the targets of ``:=`` in a comprehension: they belong to the function around it."""
    return (part.target for part in ast.walk(node) if isinstance(part, ast.NamedExpr))


def _declared(node: ast.AST, kind: type[ast.Global] | type[ast.Nonlocal]) -> Iterator[str]:
    return (name for part in _inner(node) if isinstance(part, kind) for name in part.names)


def _bound(body: Sequence[ast.AST]) -> tuple[set[str], set[str], set[str]]:
    """Return the names that are bound, those said to be another scope's, and those of mere variables."""
    bound: set[str] = set()
    elsewhere: set[str] = set()
    renamed: set[str] = set()
    for statement in body:
        for part in _inner(statement):
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                renamed.add(part.id)
            elif isinstance(part, (*FUNCTIONS, ast.ClassDef)):
                bound.add(part.name)
            elif isinstance(part, ast.ExceptHandler) and part.name:
                renamed.add(part.name)
            elif isinstance(part, (ast.Import, ast.ImportFrom)):
                renamed.update(alias.asname or alias.name.partition(".")[0] for alias in part.names)
            elif isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                renamed.add(part.name)
            elif isinstance(part, ast.MatchMapping) and part.rest:
                renamed.add(part.rest)
            elif isinstance(part, (ast.Global, ast.Nonlocal)):
                elsewhere.update(part.names)
    return bound | renamed, elsewhere, renamed - bound
