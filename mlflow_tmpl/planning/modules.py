"""What a module of the project depends on, read off its syntax tree without running it.

The grain is the module: whatever a module imports anywhere counts for every function in it. That is more than a
function really reaches and never less.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNS_TEXT = frozenset({"exec", "eval", "compile", "__import__", "run_path", "run_module"})
_LONGEST_PATH = 260


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What one source file says.

    Attributes:
        fingerprint: of the syntax tree; comments, docstrings and formatting do not count.
        imports: dotted names of modules that it may import, as absolute names.
        environment: names of environment variables that it reads.
        texts: text constants that may be paths of files.
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
    """
    tree = ast.parse(source)
    package = module if is_package else module.rpartition(".")[0]
    reader = _Reader(package)
    reader.visit(tree)
    _drop_docstrings(tree)
    return ModuleFacts(
        digest(ast.dump(tree)),
        frozenset(reader.imports),
        frozenset(reader.environment),
        frozenset(reader.texts),
        tuple(reader.doubts),
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

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.imports.update(_with_parents(alias.name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._absolute(node.module or "", node.level)
        self.imports.update(_with_parents(base))
        self.imports.update(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
        if base == "os" and any(alias.name in {"environ", "getenv"} for alias in node.names):
            self.doubts.append((node.lineno, "os.environ under a name of its own"))

    def _absolute(self, name: str, level: int) -> str:
        if not level:
            return name
        package = self.package.split(".")
        above = package[: len(package) - level + 1]
        return ".".join([*above, name] if name else above)

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if (
            isinstance(text, str)
            and len(text) < _LONGEST_PATH
            and "\n" not in text
            and ("." in text or "/" in text)
        ):
            self.texts.add(text)

    def visit_Call(self, node: ast.Call) -> None:
        called = _last_name(node.func)
        literal = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if (
            called in {"import_module", "__import__"}
            and isinstance(literal, str)
            and not literal.startswith(".")
        ):
            self.imports.update(_with_parents(literal))
        elif called == "import_module" or (called in _RUNS_TEXT and _is_builtin_call(node.func)):
            self.doubts.append((node.lineno, f"{called}()"))
        elif _is_environment(node.func) and isinstance(literal, str):
            self._environment(node.func, literal)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if _is_os_environ(node.value) and isinstance(node.slice, ast.Constant):
            self.environment.add(str(node.slice.value))
            self.followed.add(id(node.value))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if (_is_os_environ(node) or _is_getenv(node)) and id(node) not in self.followed:
            self.doubts.append((node.lineno, f"os.{node.attr} read by a computed name"))
        self.generic_visit(node)

    def _environment(self, func: ast.expr, name: str) -> None:
        self.environment.add(name)
        self.followed.add(
            id(func.value if isinstance(func, ast.Attribute) and not _is_getenv(func) else func)
        )


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _last_name(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def _is_builtin_call(func: ast.expr) -> bool:
    """Tell ``eval(x)`` and ``runpy.run_path(x)`` from ``frame.eval(x)`` and ``re.compile(x)``."""
    return isinstance(func, ast.Name) or (
        isinstance(func, ast.Attribute)
        and isinstance(func.value, ast.Name)
        and func.value.id in {"builtins", "runpy"}
    )


def _is_os_environ(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "environ"
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    )


def _is_getenv(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "getenv"
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    )


def _is_environment(func: ast.expr) -> bool:
    """Tell whether a call is ``os.getenv(...)``, ``os.environ.get(...)`` or the like."""
    if _is_getenv(func):
        return True
    return (
        isinstance(func, ast.Attribute)
        and func.attr in {"get", "pop", "setdefault"}
        and _is_os_environ(func.value)
    )


def is_standard(name: str) -> bool:
    """Tell whether a module comes with Python."""
    return name.partition(".")[0] in sys.stdlib_module_names
