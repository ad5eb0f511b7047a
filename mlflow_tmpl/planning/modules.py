"""What a module of the project depends on, read off its syntax tree without running it.

The grain is the module: whatever a module imports anywhere counts for every function in it. That is more than a
function really reaches and never less. What leads out of the tree's sight (code made from text, imports by computed
names, the environment as a whole) is recognised by the names of the functions that do it, under whatever name the
module they come from goes: no flow of data is followed, so a name is enough for a doubt.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What one source file says.

    Attributes:
        fingerprint: of the syntax tree; comments, docstrings and formatting do not count.
        imports: dotted names of modules that it may import, as absolute names.
        environment: names of environment variables that it reads.
        texts: text constants that may be paths of files, or parts of them.
        doubts: ``(line, what)`` that cannot be followed: code made from text, imports by computed names.
    """

    fingerprint: str
    imports: frozenset[str]
    environment: frozenset[str]
    texts: frozenset[str]
    doubts: tuple[tuple[int, str], ...]


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
    tree = ast.parse(source)
    _drop_docstrings(tree)
    reader = _Reader(module if is_package else module.rpartition(".")[0])
    reader.visit(tree)
    return ModuleFacts(
        digest(ast.dump(tree)),
        frozenset(reader.imports),
        frozenset(reader.environment),
        frozenset(reader.texts),
        tuple(dict.fromkeys(reader.doubts)),
    )


def _drop_docstrings(tree: ast.AST) -> None:
    for part in ast.walk(tree):
        if isinstance(part, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and part.body:
            first = part.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                part.body = part.body[1:]


class _Reader(ast.NodeVisitor):
    """Collects facts in one walk."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.imports: set[str] = set()
        self.environment: set[str] = set()
        self.texts: set[str] = set()
        self.doubts: list[tuple[int, str]] = []
        self.followed: set[int] = set()
        self.bound: dict[str, set[str]] = {}
        self.depth = 0

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imports.update(_with_parents(alias.name))
            self._bind(alias.asname or alias.name.partition(".")[0], alias.name if alias.asname else "")
            if alias.name in _DOUBTFUL_MODULES or (alias.name == "sys" and alias.asname not in (None, "sys")):
                self._doubt(node, f"import {alias.name}{f' as {alias.asname}' if alias.asname else ''}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._absolute(node.module or "", node.level)
        self.imports.update(_with_parents(base))
        self.imports.update(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
        for alias in node.names:
            own = alias.asname or alias.name
            self._bind(own, f"{base}.{alias.name}")
            renamed = own != alias.name and (alias.name in _DOUBTFUL or f"{base}.{alias.name}" == "sys")
            if base in _DOUBTFUL_MODULES or renamed or (base, alias.name) == ("sys", "modules"):
                self._doubt(node, f"{alias.name} of {base}{f' as {own}' if renamed else ''}")

    def _bind(self, name: str, origin: str) -> None:
        """Take note of what a name stands for, so that ``package.module.f`` leads to the module."""
        self.bound.setdefault(name, set()).add(origin or name)

    def _absolute(self, name: str, level: int) -> str:
        if not level:
            return name
        package = self.package.split(".")
        above = package[: len(package) - level + 1]
        return ".".join([*above, name] if name else above)

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
            self.imports.update(f"{self.package}.{name}" for name in names if isinstance(name, str))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._inside(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node)

    def _inside(self, function: ast.AST) -> None:
        self.depth += 1
        self.generic_visit(function)
        self.depth -= 1

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if isinstance(text, str) and 0 < len(text) < _LONGEST_PATH and "\n" not in text:
            self.texts.add(text)
            if text in _DOUBTFUL and id(node) not in self.followed:
                self._doubt(node, f"the name {text!r}")

    def visit_Call(self, node: ast.Call) -> None:
        literal = _text(node.args[0]) if node.args else None
        called = _last_name(node.func)
        if called in _IMPORTS and literal and not literal.startswith("."):
            self.imports.update(_with_parents(literal))
            self.followed.add(id(node.func))
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
        if name and _last_name(read) in _ENVIRONMENT:
            self.environment.add(name)
            self.followed.add(id(read))

    def visit_Name(self, node: ast.Name) -> None:
        own = node.id in _BUILTINS and node.id not in self.bound
        if (own or node.id in _DOUBTFUL) and id(node) not in self.followed:
            self._doubt(node, f"{node.id}()" if own or node.id not in _ENVIRONMENT else f"os.{node.id}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = _dotted(node)
        if dotted:
            first, _, rest = dotted.partition(".")
            for origin in self.bound.get(first, ()):
                self.imports.update(_with_parents(f"{origin}.{rest}"))
        if node.attr in _DOUBTFUL and id(node) not in self.followed:
            self._doubt(node, dotted or node.attr)
        elif dotted == "sys.modules" or (dotted == "sys.path" and self.depth):
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


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.expr) -> str:
    """Return ``a.b.c`` of a chain of attributes that begins with a name, else an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
