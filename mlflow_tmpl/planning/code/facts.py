"""What the source of a module says, unit by unit, read off its syntax tree without running it."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.planning.code.aliases import changed_through_variables
from mlflow_tmpl.planning.code.calls import function_calls
from mlflow_tmpl.planning.code.normal import Walk, bindings, last_name
from mlflow_tmpl.planning.code.outside import look_outside
from mlflow_tmpl.planning.code.parsing import module_tree
from mlflow_tmpl.planning.code.plain import class_calls, import_calls, is_fixed
from mlflow_tmpl.planning.code.scopes import FUNCTIONS
from mlflow_tmpl.planning.code.units import (
    CLASS,
    CLASSES,
    DOCSTRINGS,
    FUNCTION,
    IMPORT,
    SOURCES,
    STATEMENT,
    VALUE,
    Calls,
    ModuleFacts,
    Unit,
)
from mlflow_tmpl.planning.files import as_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NODE = frozenset({"mlflow_tmpl.node", "mlflow_tmpl.pipeline.node", "mlflow_tmpl.pipeline.node.node"})
_SEEING = {
    **dict.fromkeys(("__subclasses__", "read_pickle", "Unpickler", "get_objects"), CLASSES),
    **dict.fromkeys(("__doc__", "getdoc"), DOCSTRINGS),
    **dict.fromkeys(("getsource", "getsourcelines", "findsource", "getcomments", "linecache"), SOURCES),
}
"""Name to what it gives to see."""

_UNPICKLING = frozenset(
    {"pickle", "cloudpickle", "dill", "joblib", "torch", "_pickle", "marshal", "shelve", "cPickle"}
)


@lru_cache(maxsize=4096)
def read_facts(source: bytes, module: str, is_package: bool) -> ModuleFacts:
    """Return what a module's source says.

    Args:
        source: the file's bytes.
        module: its dotted name, against which relative imports are resolved.
        is_package: whether it is an ``__init__.py``.

    Raises:
        SyntaxError: it is no Python.
        RecursionError: it is nested too deep to be walked.
    """
    tree = module_tree(source)
    docstrings = list(_drop_docstrings(tree))
    return _Reader(module if is_package else module.rpartition(".")[0]).read(tree, docstrings)


def _drop_docstrings(tree: ast.AST) -> Iterator[str]:
    """Take docstrings away, and yield them."""
    for part in ast.walk(tree):
        if isinstance(part, (ast.Module, ast.ClassDef, *FUNCTIONS)) and part.body and _is_text(part.body[0]):
            yield ast.unparse(part.body[0])
            part.body = part.body[1:]


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class _Reader:
    """Reads the units of one module."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._bound: dict[str, set[str]] = {}
        self._imports: dict[str, None] = {}
        self._stars: dict[str, None] = {}
        self._dialect = ""

    def read(self, tree: ast.Module, docstrings: Sequence[str]) -> ModuleFacts:
        for part in ast.walk(tree):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                for name, origin, _ in bindings(part, self._absolute):
                    self._bound.setdefault(name, set()).add(origin)
        future = {origin for origins in self._bound.values() for origin in origins if "__future__" in origin}
        self._dialect = "".join(f"{each} " for each in sorted(future))
        units = tuple([self._unit(statement) for statement in _single(tree.body)])
        told = digest_parts(docstrings) if docstrings else ""
        return ModuleFacts(units, tuple(sorted(self._imports)), tuple(self._stars), told)

    def _absolute(self, name: str, level: int) -> str:
        if not level:
            return name
        package = self._package.split(".")
        above = package[: len(package) - level + 1]
        return ".".join([*above, name] if name else above)

    def _unit(self, node: ast.stmt) -> Unit:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        self._drop_wiring(node)
        walk = Walk(self._absolute)
        form = walk.normal_form(node)
        outside = look_outside(node, self._package, self._absolute, self._bound)
        self._imports.update(dict.fromkeys(outside.imports))
        runs = import_calls([node])
        origins = tuple(self._origins(node))
        kind = _kind(node, runs)
        return Unit(
            kind,
            tuple(_names(node)),
            digest(self._dialect + form),
            node.lineno,
            first,
            node.end_lineno or node.lineno,
            tuple(walk.reads),
            tuple(walk.stores),
            tuple(changed_through_variables(node)) if kind in {FUNCTION, CLASS} else (),
            tuple(walk.acts),
            runs,
            _called(node),
            origins,
            is_fixed(node),
            tuple(sorted(outside.wholes)),
            walk.dynamic,
            tuple(sorted(set(self._sees(node, walk)))),
            walk.patches,
            tuple(sorted(outside.environment)),
            tuple(sorted(as_paths(outside.texts))),
            tuple(dict.fromkeys(outside.doubts)),
        )

    def _origins(self, node: ast.stmt) -> Iterator[tuple[str, str]]:
        """Yield what the imports bind that run with a statement."""
        for part in _own(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                for name, origin, _ in bindings(part, self._absolute):
                    if name == "*":
                        self._stars[origin.removesuffix(".*")] = None
                    else:
                        yield name, origin

    def _drop_wiring(self, node: ast.stmt) -> None:
        """Take away the decorator that makes a function a node: how it is wired counts for its node by itself."""
        if isinstance(node, FUNCTIONS):
            node.decorator_list = [each for each in node.decorator_list if not self._is_wiring(each)]

    def _is_wiring(self, decorator: ast.expr) -> bool:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        inner = [part for part in ast.walk(decorator) if part is not decorator]
        if any(isinstance(part, (ast.Call, ast.NamedExpr, ast.Await)) for part in inner):
            return False
        attributes = []
        while isinstance(called, ast.Attribute):
            attributes.append(called.attr)
            called = called.value
        if not isinstance(called, ast.Name):
            return False
        origins = self._bound.get(called.id, set())
        return len(origins) == 1 and ".".join([*origins, *reversed(attributes)]) in _NODE

    def _sees(self, node: ast.stmt, walk: Walk) -> Iterator[str]:
        """Yield what a unit can see of the whole program without naming it."""
        for part in ast.walk(node):
            if isinstance(part, (ast.Name, ast.Attribute)) and isinstance(part.ctx, ast.Load):
                seen = _SEEING.get(last_name(part))
                if seen:
                    yield seen
        for path in walk.reads:
            first, _, rest = path.removeprefix("@").partition(".")
            origins = {path[1:]} if path[0] == "@" else self._bound.get(first, set())
            if rest.rpartition(".")[2] in {"load", "loads", "open", ""} and any(
                origin.partition(".")[0] in _UNPICKLING for origin in origins
            ):
                yield CLASSES
            yield from (seen for origin in origins for name, seen in _SEEING.items() if name in origin)


def _single(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, each name of an import by itself; what never runs on import is left out."""
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield _alone(node, alias)
        elif isinstance(node, ast.If) and _is_name(node.test, "TYPE_CHECKING"):
            yield from _single([*node.body, *node.orelse])
        elif not (isinstance(node, ast.If) and _is_main(node.test) and not node.orelse) and not _is_text(
            node
        ):
            yield node


def _alone(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    made = (
        ast.Import([alias])
        if isinstance(node, ast.Import)
        else ast.ImportFrom(node.module, [alias], node.level)
    )
    return ast.copy_location(made, node)


def _is_name(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (
        isinstance(node, ast.Attribute) and node.attr == name
    )


def _is_main(test: ast.expr) -> bool:
    """Recognise ``__name__ == "__main__"``."""
    return (
        isinstance(test, ast.Compare)
        and _is_name(test.left, "__name__")
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def _kind(node: ast.stmt, runs: Calls) -> str:
    if isinstance(node, FUNCTIONS):
        return FUNCTION
    if isinstance(node, ast.ClassDef):
        return CLASS
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return IMPORT
    return VALUE if runs is not None or isinstance(node, (ast.Assign, ast.AnnAssign)) else STATEMENT


def _called(node: ast.stmt) -> tuple[Calls, Calls]:
    if isinstance(node, FUNCTIONS):
        return function_calls(node)
    return class_calls(node) if isinstance(node, ast.ClassDef) else (None, None)


def _own(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield the parts of a statement that run in the module's own scope."""
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if not isinstance(part, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(reversed(list(ast.iter_child_nodes(part))))


def _names(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds in the module, but for imports."""
    for part in _own(node):
        if isinstance(part, (*FUNCTIONS, ast.ClassDef)):
            yield part.name
        elif isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            yield part.id
        elif isinstance(part, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and part.name:
            yield part.name
        elif isinstance(part, ast.MatchMapping) and part.rest:
            yield part.rest
