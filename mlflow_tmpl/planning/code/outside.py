"""What leads out of a syntax tree's sight: the environment, files, code made from text, imports by computed names.

It is recognised by the names of the functions that do it, under whatever name the module they come from goes: no flow
of data is followed, so a name is enough for a doubt.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from mlflow_tmpl.planning.code.normal import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_BUILTINS = frozenset({"exec", "eval", "compile", "__builtins__", "__loader__"})
"""Doubtful as bare names only: ``frame.eval(x)`` and ``re.compile(x)`` are something else."""

_IMPORTS = frozenset({"import_module", "__import__"})
_ENVIRONMENT = frozenset({"environ", "getenv"})
_DOUBTFUL = (
    _IMPORTS
    | _ENVIRONMENT
    | {"environb", "getenvb", "expandvars", "addsitedir", "meta_path", "path_hooks", "resolve_name"}
    | {"run_path", "run_module", "exec_module", "load_module", "find_module", "module_from_spec"}
    | {"spec_from_file_location", "spec_from_loader", "SourceFileLoader", "SourcelessFileLoader"}
)
"""Doubtful wherever they stand, unless their use is one that can be followed."""

_DOUBTFUL_MODULES = frozenset({"builtins", "runpy", "imp", "zipimport"})
_LONGEST_PATH = 260


class Outside(NamedTuple):
    """What leads out of sight.

    Attributes:
        imports: dotted names of modules that may be imported.
        wholes: modules that are imported as values by a text.
        environment: names of environment variables.
        texts: text constants that may be paths of files.
        doubts: ``(line, what)`` that cannot be followed.
    """

    imports: set[str]
    wholes: set[str]
    environment: set[str]
    texts: set[str]
    doubts: list[tuple[int, str]]


def look_outside(
    node: ast.AST,
    package: str,
    absolute: Callable[[str, int], str],
    bound: Mapping[str, set[str]],
) -> Outside:
    """Return what leads out of sight of a piece of code.

    Args:
        node: the piece.
        package: that ``__all__`` names the modules of.
        absolute: makes the module of a relative import absolute, from its name and its level.
        bound: names that imports of the module bind to what they stand for.
    """
    visitor = _Visitor(package, absolute, bound)
    visitor.visit(node)
    return Outside(visitor.imports, visitor.wholes, visitor.environment, visitor.texts, visitor.doubts)


class _Visitor(ast.NodeVisitor):
    """Goes through a piece of code once."""

    def __init__(
        self, package: str, absolute: Callable[[str, int], str], bound: Mapping[str, set[str]]
    ) -> None:
        self._package = package
        self._absolute = absolute
        self._bound = bound
        self._followed: set[int] = set()
        self._depth = 0
        self.imports: set[str] = set()
        self.wholes: set[str] = set()
        self.environment: set[str] = set()
        self.texts: set[str] = set()
        self.doubts: list[tuple[int, str]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imports.update(_with_parents(alias.name))
            if alias.name in _DOUBTFUL_MODULES or (alias.name == "sys" and alias.asname not in (None, "sys")):
                self._doubt(node, f"import {alias.name}{f' as {alias.asname}' if alias.asname else ''}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._absolute(node.module or "", node.level)
        self.imports.update(_with_parents(base))
        self.imports.update(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
        for alias in node.names:
            own = alias.asname or alias.name
            renamed = own != alias.name and (alias.name in _DOUBTFUL or f"{base}.{alias.name}" == "sys")
            if base in _DOUBTFUL_MODULES or renamed or (base, alias.name) == ("sys", "modules"):
                self._doubt(node, f"{alias.name} of {base}{f' as {own}' if renamed else ''}")

    def visit_Assign(self, node: ast.Assign) -> None:
        self._exports(node.targets, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._exports([node.target], node.value)
        self.generic_visit(node)

    def _exports(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Follow the submodules of ``__all__``: ``from package import *`` imports them."""
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            names = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant)]
            self.imports.update(f"{self._package}.{name}" for name in names if isinstance(name, str))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node)

    def _inside(self, function: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(function)
        self._depth -= 1

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if isinstance(text, str) and 0 < len(text) < _LONGEST_PATH and "\n" not in text:
            self.texts.add(text)
            if text in _DOUBTFUL and id(node) not in self._followed:
                self._doubt(node, f"the name {text!r}")

    def visit_Call(self, node: ast.Call) -> None:
        literal = _text(node.args[0]) if node.args else None
        called = last_name(node.func)
        if called in _IMPORTS and literal and not literal.startswith("."):
            self.wholes.update(_with_parents(literal) if called == "__import__" else [literal])
            self.imports.update(_with_parents(literal))
            self._followed.add(id(node.func))
        elif called == "getenv" and literal:
            self._environment(node.func, literal)
        elif called in {"get", "pop", "setdefault"} and isinstance(node.func, ast.Attribute) and literal:
            self._environment(node.func.value, literal)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._environment(node.value, _text(node.slice))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            self._environment(node.comparators[0], _text(node.left))
        self.generic_visit(node)

    def _environment(self, read: ast.expr, name: str | None) -> None:
        """Follow one variable of the environment."""
        if name and last_name(read) in _ENVIRONMENT:
            self.environment.add(name)
            self._followed.add(id(read))

    def visit_Name(self, node: ast.Name) -> None:
        own = node.id in _BUILTINS and node.id not in self._bound
        if (own or node.id in _DOUBTFUL) and id(node) not in self._followed:
            self._doubt(node, f"{node.id}()" if own or node.id not in _ENVIRONMENT else f"os.{node.id}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = _dotted(node)
        if dotted:
            first, _, rest = dotted.partition(".")
            for origin in self._bound.get(first, ()):
                self.imports.update(_with_parents(f"{origin}.{rest}"))
        if node.attr in _DOUBTFUL and id(node) not in self._followed:
            self._doubt(node, dotted or node.attr)
        elif dotted == "sys.modules" or (dotted == "sys.path" and self._depth):
            self._doubt(node, dotted)
        self.generic_visit(node)

    def _doubt(self, node: ast.expr | ast.stmt, what: str) -> None:
        self.doubts.append((node.lineno, what))


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` of a chain of attributes that begins with a name, else an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
