"""Values told as data for a preview: one table from the type of a value to the function that tells it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

LONGEST_CELL = 48
LONGEST_TEXT = 4096
MOST_ITEMS = 20
"""Of a list or mapping within a tree."""
DEEPEST = 4
MOST_TOLD_ROWS = 5_000_000
"""Nulls and ranges of a larger table are not worth the wait."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: what it is called.
        dtype: what it holds.
        nulls: how many cells are empty; ``None`` if that was not counted.
        range: the least and the greatest value, or how many there are.
    """

    name: str
    dtype: str
    nulls: int | None = None
    range: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the column as plain data."""
        return {"name": self.name, "dtype": self.dtype, "nulls": self.nulls, "range": self.range}


@dataclass(frozen=True, slots=True)
class Content:
    """What a value holds.

    Attributes:
        kind: ``table array tree text bytes picture object``.
        python_type: what it is in Python; empty for what was not loaded.
        shape: rows and columns, or the length of each dimension; of a picture width and height.
        columns: of a table.
        rows: the first rows: numbers, truth values, short texts, or ``None``.
        text: the head of a text, a tree as JSON, or how an object shows itself.
        facts: what else there is to say.
        picture: the bytes of a picture that a page can show.
        media: what kind of picture it is.
    """

    kind: str
    python_type: str
    shape: tuple[int | None, ...] | None = None
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    text: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    picture: bytes = field(default=b"", repr=False)
    media: str = ""

    def with_rows(self, count: int | None) -> Content:
        """Return the content of which only the head was read: how many rows there are, and no facts of the head."""
        if self.kind != "table" or self.shape is None:
            return self
        told = tuple(replace(column, nulls=None, range="") for column in self.columns)
        return replace(self, shape=(count, *self.shape[1:]), columns=told)

    def to_json(self) -> dict[str, Any]:
        """Return the content as plain data; of a picture only what is said of it."""
        return {
            "kind": self.kind,
            "python_type": self.python_type,
            "shape": list(self.shape) if self.shape is not None else None,
            "columns": [column.to_json() for column in self.columns],
            "rows": [list(row) for row in self.rows],
            "text": self.text,
            "facts": dict(self.facts),
        }


def content_of(value: Any, rows: int) -> Content:
    """Return what a value holds; libraries are not imported for it: a value of one brings it."""
    for kind in type(value).__mro__:
        tell = _KINDS.get((kind.__module__.partition(".")[0], kind.__name__))
        if tell is not None:
            return tell(value, rows)
    return _object(value, rows)


def _name(value: Any) -> str:
    kind = type(value)
    top = kind.__module__.partition(".")[0]
    return kind.__qualname__ if top == "builtins" else f"{top} {kind.__qualname__}"


def _pandas(value: Any, rows: int) -> Content:
    columns = [
        _pandas_column(str(name), value.iloc[:, at], len(value)) for at, name in enumerate(value.columns)
    ]
    return Content(
        "table",
        _name(value),
        tuple(value.shape),
        tuple(columns),
        _cells(value.head(rows).itertuples(index=False)),
    )


def _pandas_column(name: str, column: Any, count: int) -> Column:
    if count > MOST_TOLD_ROWS:
        return Column(name, str(column.dtype))
    return Column(name, str(column.dtype), int(column.isna().sum()), _ends(column))


def _pandas_series(value: Any, rows: int) -> Content:
    return replace(_pandas(value.to_frame(), rows), python_type=_name(value))


def _polars(value: Any, rows: int) -> Content:
    columns = [
        Column(name, str(dtype), value[name].null_count(), _ends(value[name]))
        for name, dtype in value.schema.items()
    ]
    return Content("table", _name(value), tuple(value.shape), tuple(columns), _cells(value.head(rows).rows()))


def _polars_lazy(value: Any, rows: int) -> Content:
    head = _polars(value.head(rows).collect(), rows)
    return replace(head.with_rows(None), python_type=_name(value))


def _polars_series(value: Any, rows: int) -> Content:
    return replace(_polars(value.to_frame(), rows), python_type=_name(value))


def _arrow(value: Any, rows: int) -> Content:
    columns = [
        Column(each.name, str(each.type), value.column(at).null_count) for at, each in enumerate(value.schema)
    ]
    head = value.slice(0, rows).to_pylist()
    cells = _cells([row[column.name] for column in columns] for row in head)
    return Content("table", _name(value), (value.num_rows, value.num_columns), tuple(columns), cells)


def _relation(value: Any, rows: int) -> Content:
    """Tell of what a database would give, by its first rows."""
    limited = value.limit(rows)
    frame = limited.df() if hasattr(limited, "df") else limited.to_pandas()
    return replace(_pandas(frame, rows).with_rows(None), python_type=_name(value))


def _numpy(value: Any, rows: int) -> Content:
    facts = {"dtype": str(value.dtype)}
    if value.dtype.kind in "iufb" and value.size <= 10 * MOST_TOLD_ROWS:
        there = value[value == value] if value.ndim else value
        missing = value.size - there.size
        facts.update({"range": f"{_short(there.min())} to {_short(there.max())}"} if there.size else {})
        facts.update({"nan": f"{missing:,}"} if missing else {})
    head = value.reshape(value.shape[0], -1)[:rows, :MOST_ITEMS] if value.ndim > 1 and value.size else None
    cells = _cells(head.tolist() if head is not None else ([each] for each in value.ravel()[:rows].tolist()))
    return Content("array", _name(value), tuple(value.shape), (), cells, facts=facts)


def _sparse(value: Any, _: int) -> Content:
    facts = {"dtype": str(value.dtype), "stored": f"{value.nnz:,}"}
    return Content("array", _name(value), tuple(value.shape), facts=facts)


def _tree(value: Any, _: int) -> Content:
    text = json.dumps(_branch(value, 0), indent=2, ensure_ascii=False, default=str)
    size = {"items": f"{len(value):,}"} if hasattr(value, "__len__") else {}
    return Content("tree", _name(value), text=text, facts=size)


def _branch(value: Any, depth: int) -> Any:
    """Return a tree with its long ends cut, and what is neither data nor short told by its type."""
    if isinstance(value, dict) and depth < DEEPEST:
        shown = {str(key): _branch(inner, depth + 1) for key, inner in list(value.items())[:MOST_ITEMS]}
        left = len(value) - len(shown)
        return {**shown, "...": f"{left} more"} if left > 0 else shown
    if isinstance(value, (list, tuple, set, frozenset)) and depth < DEEPEST:
        shown_items = [_branch(inner, depth + 1) for inner in list(value)[:MOST_ITEMS]]
        left = len(value) - len(shown_items)
        return [*shown_items, f"... {left} more"] if left > 0 else shown_items
    if value is None or isinstance(value, (bool, int, float, str)):
        return _short(value) if isinstance(value, str) else value
    return _cell(value) if not callable(value) else f"<{type(value).__name__}>"


def _text(value: str, _: int) -> Content:
    shown = value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}..."
    lines = value.count("\n") + (not value.endswith("\n") and bool(value))
    return Content("text", "str", text=shown, facts={"characters": f"{len(value):,}", "lines": f"{lines:,}"})


def _bytes(value: bytes, _: int) -> Content:
    head = bytes(value[:256])
    lines = [
        f"{at:08x}  {part.hex(' '):<47}  {''.join(chr(each) if 32 <= each < 127 else '.' for each in part)}"
        for at in range(0, len(head), 16)
        for part in (head[at : at + 16],)
    ]
    return Content("bytes", type(value).__name__, text="\n".join(lines), facts={"bytes": f"{len(value):,}"})


def _image(value: Any, _: int) -> Content:
    from io import BytesIO

    small = value.copy()
    small.thumbnail((800, 800))
    buffer = BytesIO()
    small.convert("RGBA" if "A" in small.mode else "RGB").save(buffer, "PNG")
    facts = {"mode": value.mode, **({"format": value.format} if value.format else {})}
    return Content(
        "picture", _name(value), tuple(value.size), facts=facts, picture=buffer.getvalue(), media="image/png"
    )


def _plotly(value: Any, _: int) -> Content:
    traces = ", ".join(trace.type for trace in value.data[:MOST_ITEMS])
    title = value.layout.title.text or ""
    return Content("object", _name(value), facts={"title": title, "traces": traces})


def _figure(value: Any, _: int) -> Content:
    width, height = value.get_size_inches()
    facts = {"size": f"{width:g} x {height:g} inches", "axes": str(len(value.axes))}
    return Content("object", _name(value), facts=facts)


def _model(value: Any, _: int) -> Content:
    known = {"features": "n_features_in_", "classes": "classes_"}
    facts = {fact: _cut(str(getattr(value, key)), 200) for fact, key in known.items() if hasattr(value, key)}
    return replace(_object(value, 0), facts=facts)


def _object(value: Any, _: int) -> Content:
    shape = getattr(value, "shape", None)
    known = isinstance(shape, tuple) and all(isinstance(each, int) for each in shape)
    return Content("object", _name(value), shape if known else None, text=_cut(repr(value), LONGEST_TEXT))


_KINDS: Mapping[tuple[str, str], Callable[[Any, int], Content]] = {
    ("pandas", "DataFrame"): _pandas,
    ("pandas", "Series"): _pandas_series,
    ("polars", "DataFrame"): _polars,
    ("polars", "LazyFrame"): _polars_lazy,
    ("polars", "Series"): _polars_series,
    ("pyarrow", "Table"): _arrow,
    ("duckdb", "DuckDBPyRelation"): _relation,
    ("_duckdb", "DuckDBPyRelation"): _relation,
    ("ibis", "Table"): _relation,
    ("numpy", "ndarray"): _numpy,
    ("scipy", "_spbase"): _sparse,
    ("PIL", "Image"): _image,
    ("plotly", "BaseFigure"): _plotly,
    ("matplotlib", "Figure"): _figure,
    ("sklearn", "BaseEstimator"): _model,
    **{
        ("builtins", kind): _tree
        for kind in ("dict", "list", "tuple", "set", "int", "float", "bool", "NoneType")
    },
    ("builtins", "str"): _text,
    ("builtins", "bytes"): _bytes,
    ("builtins", "bytearray"): _bytes,
}
"""Top-level package and class, of the value or of a class that it is derived from."""


def _cells(rows: Iterable[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(_cell(value) for value in row) for row in rows)


def _cell(value: Any) -> Any:
    """Return a cell as JSON can hold it: what is empty is ``None``, and what is long is cut."""
    if hasattr(value, "item") and not isinstance(value, str):
        with suppress(ValueError, TypeError):
            value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if value == value else None
    text = str(value)
    return None if text in {"NaT", "<NA>"} else _cut(" ".join(text.split()), LONGEST_CELL)


def _ends(column: Any) -> str:
    """Return the least and the greatest of a column's values, of texts how many there are; empty if it has none."""
    try:
        if str(column.dtype).lower() in {"object", "str", "string", "category", "categorical"}:
            count = column.nunique() if hasattr(column, "nunique") else column.n_unique()
            return f"{count:,} different"
        least, greatest = column.min(), column.max()
    except Exception:  # noqa: BLE001 (cells that cannot be compared or hashed have no range)
        return ""
    if _cell(least) is None:
        return ""
    return f"{_short(least)} to {_short(greatest)}"


def _short(value: Any) -> str:
    cell = _cell(value)
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."
