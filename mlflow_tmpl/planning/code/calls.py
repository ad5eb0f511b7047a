"""What happens when a piece of code runs, as far as others could notice: which names it calls, or that more happens.

A definition that only calls what is known to change nothing is plain: it counts for those alone that reach it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlflow_tmpl.planning.code.normal import CHANGING, last_name
from mlflow_tmpl.planning.code.scopes import FUNCTIONS, function_scope, parameters
from mlflow_tmpl.planning.code.units import OPERATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlflow_tmpl.planning.code.units import Calls

_HARMLESS = frozenset(
    {
        "get",
        "keys",
        "values",
        "items",
        "copy",
        "index",
        "count",
        "join",
        "format",
        "format_map",
        "split",
        "rsplit",
    }
    | {
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "title",
        "capitalize",
        "replace",
        "startswith",
        "endswith",
    }
    | {
        "encode",
        "decode",
        "splitlines",
        "partition",
        "rpartition",
        "zfill",
        "casefold",
        "isdigit",
        "hex",
        "total",
    }
    | {
        "union",
        "intersection",
        "difference",
        "symmetric_difference",
        "issubset",
        "most_common",
        "removeprefix",
    }
    | {
        "removesuffix",
        "resolve",
        "absolute",
        "joinpath",
        "with_name",
        "with_suffix",
        "exists",
        "is_file",
        "is_dir",
    }
    | {
        "read_text",
        "read_bytes",
        "relative_to",
        "as_posix",
        "expanduser",
        "isoformat",
        "date",
        "time",
        "strftime",
    }
    | {
        "astype",
        "reshape",
        "tolist",
        "sum",
        "mean",
        "setter",
        "getter",
        "deleter",
        "group",
        "groups",
        "match",
    }
)
"""Methods that change nothing, whatever of Python's or numpy's they belong to."""

_CALLING = frozenset({"map", "filter", "sorted", "min", "max", "reduce", "accumulate", "starmap", "groupby"})
"""Functions that call what they are given."""

_PARTIAL = frozenset({"partial", "partialmethod"})
_FRESH = (
    *(ast.Constant, ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.SetComp, ast.DictComp),
    *(ast.JoinedStr, ast.Compare, ast.BoolOp),
)
_NESTED, _OWN, _ANY = "nested", "own", "any"
"""Kinds of local names: a function defined there, something made there and held by no one else, anything."""


class Happening:
    """What is called while some code runs.

    Args:
        local: kinds of the names that are not the module's.

    Attributes:
        calls: paths of what is called.
        hidden: whether something happens that cannot be told.
        calls_nested: whether functions defined in it are called.
    """

    def __init__(self, local: Mapping[str, str]) -> None:
        self._local = local
        self.calls: dict[str, None] = {}
        self.hidden = False
        self.calls_nested = False

    @property
    def told(self) -> Calls:
        """The paths, or ``None``."""
        return None if self.hidden else tuple(self.calls)

    def include(self, calls: Calls) -> None:
        """Let it happen as well what happens elsewhere."""
        self.hidden |= calls is None
        self.calls.update(dict.fromkeys(calls or ()))

    def expressions(self, nodes: Iterable[ast.AST | None]) -> None:
        """Take note of all calls in some expressions; the bodies of functions in them do not run yet."""
        for node in nodes:
            parts = list(_executed(node)) if node is not None else []
            targets = [
                part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
            ]
            self._local = {**dict.fromkeys(targets, _ANY), **self._local} if targets else self._local
            for part in parts:
                self.expression(part)

    def expression(self, part: ast.AST) -> None:
        """Take note of one part of an expression."""
        if isinstance(part, ast.Call):
            self._call(part)
        elif isinstance(part, (ast.Await, ast.NamedExpr)):
            self.hidden = True
        for operand in _operands(part):
            path = self.path(operand)
            if path is not None:
                self.calls[f"{path}{OPERATED}"] = None

    def _call(self, node: ast.Call) -> None:
        path = self.path(node.func)
        if path is not None:
            self.calls[path] = None
        elif not self._is_harmless(node.func):
            self.hidden = True
        if last_name(node.func) in _CALLING:
            self._given([*node.args, *(keyword.value for keyword in node.keywords)])
        if isinstance(node.func, ast.Call) and last_name(node.func.func) in _PARTIAL:
            self._given(node.func.args)

    def _given(self, arguments: Iterable[ast.expr]) -> None:
        """Take functions that are given away for called."""
        for argument in arguments:
            path = self.path(argument)
            if isinstance(argument, ast.Lambda):
                self.include(lambda_calls(argument))
            elif path is not None:
                self.calls[path] = None
            elif isinstance(argument, ast.Name) and self._local.get(argument.id) == _ANY:
                self.hidden = True

    def path(self, node: ast.expr) -> str | None:
        """Return the path of what is called, if it is the module's."""
        if isinstance(node, ast.Call):
            inner = self.path(node.func)
            return None if inner is None else f"{inner}()"
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self._local:
            return None
        return ".".join([node.id, *reversed(attributes)])

    def _is_harmless(self, func: ast.expr) -> bool:
        if isinstance(func, ast.Name):
            self.calls_nested |= self._local.get(func.id) == _NESTED
            return self._local.get(func.id) == _NESTED
        if not isinstance(func, ast.Attribute):
            return False
        if func.attr in CHANGING and isinstance(func.value, ast.Name):
            return self._local.get(func.value.id) == _OWN
        return func.attr in _HARMLESS

    def decorators(self, nodes: Iterable[ast.expr]) -> None:
        """Take note of what is called to decorate something."""
        for node in nodes:
            self.expressions([node])
            if isinstance(node, ast.Call) and last_name(node.func) in _PARTIAL:
                self._given(node.args)
            path = self.path(node)
            if path is None and not (isinstance(node, ast.Attribute) and node.attr in _HARMLESS):
                self.hidden = True
            elif path is not None:
                self.calls[
                    f"{path}()" if isinstance(node, ast.Call) and not path.endswith("()") else path
                ] = None

    def stored(self, node: ast.expr) -> None:
        """Take note of an assignment into something."""
        inner = node.value if isinstance(node, (ast.Attribute, ast.Subscript)) else node
        if not isinstance(inner, ast.Name) or self._local.get(inner.id) not in {_OWN, _NESTED}:
            self.hidden = True


def _operands(part: ast.AST) -> Iterator[ast.expr]:
    """Yield what an operator or a subscript is applied to: a class of the project can make it do anything."""
    if isinstance(part, ast.BinOp):
        yield from (part.left, part.right)
    elif isinstance(part, ast.Compare):
        yield from (part.left, *part.comparators)
    elif isinstance(part, ast.UnaryOp):
        yield part.operand
    elif isinstance(part, ast.Subscript):
        yield part.value


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it that runs when it does."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, ast.Lambda):
            waiting.extend([*part.args.defaults, *filter(None, part.args.kw_defaults)])
        else:
            waiting.extend(ast.iter_child_nodes(part))


def lambda_calls(node: ast.Lambda) -> Calls:
    """Return what a lambda calls."""
    happening = Happening({argument.arg: _ANY for argument in parameters(node.args)})
    happening.expressions([node.body])
    return happening.told


def function_calls(node: ast.FunctionDef | ast.AsyncFunctionDef, *, own: bool = False) -> tuple[Calls, Calls]:
    """Return what calling a function calls, and what calling the function that it returns calls.

    Args:
        node: the function.
        own: whether its first argument is an object that is just being made.
    """
    happening = Happening(_kinds(node, own=own))
    nested = list(_body(node, happening))
    inner = Happening({})
    for function in nested:
        inner.include(function_calls(function)[0])
    if happening.calls_nested:
        happening.include(inner.told)
    return happening.told, inner.told if nested else None


def _body(
    node: ast.FunctionDef | ast.AsyncFunctionDef, happening: Happening
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Go through the body of a function, and yield the functions that it defines."""
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, FUNCTIONS):
            happening.decorators(part.decorator_list)
            happening.expressions(function_defaults(part))
            yield part
        elif isinstance(part, (ast.ClassDef, ast.Global, ast.Nonlocal, ast.Delete)):
            happening.hidden = True
        elif isinstance(part, ast.Lambda):
            waiting.extend([*part.args.defaults, *filter(None, part.args.kw_defaults)])
        else:
            if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
                happening.stored(part)
            if isinstance(part, ast.AugAssign):
                happening.stored(part.target)
            happening.expression(part)
            waiting.extend(ast.iter_child_nodes(part))


def _kinds(node: ast.FunctionDef | ast.AsyncFunctionDef, *, own: bool) -> dict[str, str]:
    """Return the kinds of a function's local names."""
    kinds = dict.fromkeys(function_scope(node, None).names, _ANY)
    given = [argument.arg for argument in parameters(node.args)]
    assigned: dict[str, list[ast.expr]] = {}
    bound: list[str] = []
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            bound.append(part.id)
            kinds.setdefault(part.id, _ANY)
        if isinstance(part, FUNCTIONS) and part is not node and part.name in kinds:
            kinds[part.name] = _NESTED
        if isinstance(part, ast.Assign) and len(part.targets) == 1 and isinstance(part.targets[0], ast.Name):
            assigned.setdefault(part.targets[0].id, []).append(part.value)
    for name, values in assigned.items():
        simple = bound.count(name) == len(values) and name not in given
        if name in kinds and simple and all(isinstance(value, _FRESH) for value in values):
            kinds[name] = _OWN
    if own and given:
        kinds[given[0]] = _OWN
    return kinds


def function_defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """Return the expressions of a function's defaults."""
    return [*node.args.defaults, *filter(None, node.args.kw_defaults)]
