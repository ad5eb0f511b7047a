"""Schemas of tables: a pandera schema that an entry names, checked on load and on save."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, DataError, did_you_mean
from mlflow_tmpl.masking import mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.machinery import ModuleSpec

MOST_FAILURES = 5
"""How many failing rows a message shows."""
LONGEST_VALUE = 40

INSTALL = "pip install 'mlflow-tmpl[pandera]'"


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a dataset, known by its dotted path and imported when data is checked.

    Attributes:
        dataset: whose it is.
        path: ``package.module.Name``: a pandera `DataFrameSchema`, or a class derived from `DataFrameModel`.
        where: ``file:line`` of the path.
    """

    dataset: str
    path: str
    where: str

    def check(self) -> None:
        """Check that there is such a schema, as far as that can be told without importing its module.

        Raises:
            CatalogError: there is no such module, nothing of that name in it, or pandera is not installed.
        """
        if find_spec("pandera") is None:
            raise self._error("which needs the package 'pandera'", INSTALL)
        spec, rest = self._module()
        known = _names_in(spec)
        if known is not None and rest[0] not in known:
            raise self._nothing(spec.name, rest[0], known)

    def find(self) -> Any:
        """Import the schema.

        Raises:
            CatalogError: it cannot be imported, or is no pandera schema.
        """
        self.check()
        spec, rest = self._module()
        try:
            found: Any = import_module(spec.name)
        except Exception as error:
            raise self._error(f"which cannot be imported: {one_line(error)}") from error
        for name in rest:
            if not hasattr(found, name):
                raise self._nothing(spec.name, name, dir(found))
            found = getattr(found, name)
        if not callable(getattr(found, "validate", None)):
            kind = "class" if isinstance(found, type) else type(found).__name__
            hint = "name a DataFrameSchema, or a class derived from DataFrameModel"
            raise self._error(f"which is a {kind} and no pandera schema", hint)
        return found

    def fit(self, data: Any, done: str) -> Any:
        """Return data that fits, as the schema gives it back: one that coerces gives other types.

        Args:
            data: a table.
            done: what was about to be done, ``loaded`` or ``saved``.

        Raises:
            CatalogError: there is no such schema.
            DataError: the data does not fit; the message shows some of the rows.
        """
        schema = self.find()
        from pandera.errors import SchemaError, SchemaErrors

        try:
            return schema.validate(data, lazy=True)
        except (SchemaError, SchemaErrors) as error:
            raise DataError(
                f"dataset {self.dataset!r} is not {done}: it does not fit schema {self.path!r}{_told(error)}",
                where=self.where,
                hint="mend the data or the schema; --no-validate goes on without a check",
            ) from error
        except Exception as error:
            problem = f"schema {self.path!r} cannot be checked: {one_line(error)}"
            raise DataError(f"dataset {self.dataset!r} is not {done}: {problem}", where=self.where) from error

    def fitting(self, chunks: Iterable[Any]) -> Iterator[Any]:
        """Yield chunks, each checked before it is saved."""
        for chunk in chunks:
            yield self.fit(chunk, "saved")

    def _module(self) -> tuple[ModuleSpec, list[str]]:
        """Return the module that the path leads into, and what is left of the path."""
        parts = self.path.split(".")
        for end in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:end])
            try:
                spec = find_spec(name)
            except ModuleNotFoundError:
                continue
            except Exception as error:
                raise self._error(f"which cannot be imported: {one_line(error)}") from error
            if spec is not None:
                return spec, parts[end:]
        module = ".".join(parts[:-1])
        hint = "write the dotted path of a schema: package.module.Name"
        raise self._error(f"and there is no module {module!r}" if module else "which has no module", hint)

    def _nothing(self, module: str, name: str, known: Iterable[str]) -> CatalogError:
        return self._error(f"and module {module!r} has no {name!r}", did_you_mean(name, known))

    def _error(self, problem: str, hint: str = "") -> CatalogError:
        message = f"dataset {self.dataset!r} has schema {self.path!r}, {problem}"
        return CatalogError(message, where=self.where, hint=hint)


def _names_in(spec: ModuleSpec) -> set[str] | None:
    """Return what a module has at its top, by its source if it is not imported; ``None`` if that cannot be told."""
    module = sys.modules.get(spec.name)
    if module is not None:
        return set(dir(module))
    if not spec.origin or not spec.origin.endswith(".py"):
        return None
    try:
        tree = ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    names: set[str] = set()
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
            names.add(statement.id)
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
    return None if "*" in names or "__getattr__" in names else names


def _told(error: Any) -> str:
    """Return what does not fit: a line a failing row, the first few of them."""
    cases = _cases(getattr(error, "failure_cases", None))
    if not cases:
        return f": {one_line(error)}"
    lines = [f"\n  {_case(case)}" for case in cases[:MOST_FAILURES]]
    more = len(cases) - MOST_FAILURES
    return f" in {len(cases)} place{'s' if len(cases) > 1 else ''}:{''.join(lines)}" + (
        f"\n  and {more} more" if more > 0 else ""
    )


def _cases(cases: Any) -> list[dict[str, Any]]:
    """Return pandera's failure cases as rows: it keeps them in a frame of pandas or of polars."""
    if hasattr(cases, "to_dicts"):
        rows: list[dict[str, Any]] = cases.to_dicts()
    elif hasattr(cases, "columns"):
        rows = cases.to_dict("records")
    else:
        rows = []
    return rows


def _case(case: dict[str, Any]) -> str:
    index, column, check = case.get("index"), case.get("column"), str(case.get("check"))
    value = " ".join(mask_urls(str(case.get("failure_case"))).split())
    value = value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 3]}..."
    if _is_missing(index):
        subject = f"column {column!r}: " if not _is_missing(column) else ""
        return f"{subject}{check}: {value}"
    return f"row {_number(index)}, column {column!r}: {value} fails {check}"


def _is_missing(value: Any) -> bool:
    return value is None or value != value


def _number(index: Any) -> Any:
    """Return a row's number as it was written: pandera makes it a float where other failures have none."""
    return int(index) if isinstance(index, float) and index.is_integer() else index
