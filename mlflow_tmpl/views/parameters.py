"""The parameters, each with where it comes from and what it overrode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.secrets import showable
from mlflow_tmpl.config.values import Resolved, Unresolved
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.tables import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.config.values import Value
    from mlflow_tmpl.views.lines import Paper


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter that is no mapping.

    Attributes:
        key: dotted.
        value: for everyone to see.
        where: ``file:line:column``, or what else gave it.
        written: the text with interpolations that it was made from; empty if there are none.
        overrode: the values of lower layers, the nearest first, each with its place.
        problem: why it has no value; empty if it has one.
    """

    key: str
    value: Any
    where: str
    written: str = ""
    overrode: tuple[tuple[Any, str], ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data; empty fields are left out."""
        below = [{"value": value, "where": where} for value, where in self.overrode]
        more = {"written": self.written, "overrode": below, "problem": self.problem}
        return {
            "key": self.key,
            "value": self.value,
            "where": self.where,
            **{name: value for name, value in more.items() if value},
        }


def parameter_rows(key: str, value: Value) -> Iterator[ParameterRow]:
    """Yield the rows of a parameter and of all that is below it, in the order written."""
    if not (value.is_mapping and value.data):
        yield _row(key, value)
        return
    for inner, leaf in value.leaves():
        yield _row(f"{key}.{inner}" if key else inner, leaf)


def _row(key: str, value: Value) -> ParameterRow:
    written = value.written if isinstance(value, Resolved) else ""
    problem = value.error.message if isinstance(value, Unresolved) and value.error else ""
    shown = showable({key.rpartition(".")[2]: value.shown()})
    return ParameterRow(
        key, next(iter(shown.values())), str(value.origin), written, tuple(_below(value)), problem
    )


def _below(value: Value) -> Iterator[tuple[Any, str]]:
    below = value.overrode
    while below is not None:
        yield showable(below.shown()), str(below.origin)
        below = below.overrode


def parameter_lines(rows: Sequence[ParameterRow], paper: Paper) -> Iterator[str]:
    """Yield a table: key, value, place; below each row what it was made from, and what it overrode."""
    cells = []
    for row in rows:
        value = "(no value)" if row.problem else _text(row.value)
        cells.append((row.key, value, row.where))
        if row.problem:
            cells.append(("", row.problem, ""))
        elif row.written:
            cells.append(("", f"from {row.written}", ""))
        cells += [("", f"over {_text(value)}", where) for value, where in row.overrode]
    if not cells:
        yield "no parameters"
        return
    yield from table_lines(("parameter", "value", "where"), cells, paper, whole={"parameter"}, ends={"where"})


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
