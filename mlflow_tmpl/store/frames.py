"""Frames as Arrow IPC, where that gives back an equal frame; as a pickle where it does not."""

from __future__ import annotations

import sys
from io import BytesIO, RawIOBase
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.isolation import copies_on_write, has_mutable_cells
from mlflow_tmpl.store.packing import Allowance, Packed, Snapshot
from mlflow_tmpl.store.pickles import snapshot_any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_WORTH_IMPORT_BYTES = 8 << 20
"""Importing pyarrow takes as long as pickling this much."""

_LOSSLESS = frozenset("biuMm")
"""Kinds of numpy types that pass through Arrow as they are; floats as well, but for halves."""


def snapshot_pandas(pandas: ModuleType, value: Any, allowance: Allowance) -> Snapshot | None:
    """Share a frame that copies itself on writing; ``None`` for what has to be pickled at once."""
    if type(value) not in (pandas.DataFrame, pandas.Series) or not copies_on_write(pandas):
        return None
    size = int(value.memory_usage(index=True) if value.ndim == 1 else value.memory_usage(index=True).sum())
    allowance.check(size)
    if has_mutable_cells(pandas, value):
        return None
    shared = value.copy(deep=False)
    return Snapshot(size, lambda: _arrow_or_pickle(lambda: _pack_pandas(pandas, shared, size), shared))


def snapshot_polars(polars: ModuleType, value: Any, allowance: Allowance) -> Snapshot | None:
    """Share a frame, which nobody can change; ``None`` for what is none."""
    if type(value) not in (polars.DataFrame, polars.Series):
        return None
    size = int(value.estimated_size())
    allowance.check(size)
    shared = value.clone()
    return Snapshot(size, lambda: _arrow_or_pickle(lambda: _pack_polars(polars, shared), shared))


def snapshot_arrow(arrow: ModuleType, value: Any, allowance: Allowance) -> Snapshot | None:
    """Share a table, which nobody can change; ``None`` for what is none."""
    if type(value) is not arrow.Table:
        return None
    allowance.check(value.nbytes)
    return Snapshot(value.nbytes, lambda: _arrow_or_pickle(lambda: Packed("arrow", _stream(value)), value))


def read_pandas(view: memoryview) -> Any:
    """Return the frame; all of it can be written to."""
    frame = _table(view).to_pandas()
    for position, dtype in enumerate(frame.dtypes):
        if dtype == "category":  # its codes lie in the bytes given, and Arrow's memory is read-only
            frame.isetitem(position, frame.iloc[:, position].copy(deep=True))
    return frame


def read_pandas_series(view: memoryview) -> Any:
    """Return the only column."""
    return read_pandas(view).iloc[:, 0]


def read_polars(view: memoryview) -> Any:
    """Return the frame."""
    import polars

    return polars.read_ipc(BytesIO(view))


def read_polars_series(view: memoryview) -> Any:
    """Return the only column."""
    return read_polars(view).to_series()


def read_arrow(view: memoryview) -> Any:
    """Return the table, which lies in the bytes given."""
    return _table(view)


def _arrow_or_pickle(pack: Callable[[], Packed | None], value: Any) -> Packed:
    try:
        packed = pack()
    except Exception:  # noqa: BLE001 (Arrow knows no such type, text or size, or is not there: a pickle does)
        packed = None
    return packed or snapshot_any(value, Allowance(float("inf"), perf_counter() + 3600)).pack()


def _pack_pandas(pandas: ModuleType, value: Any, size: int) -> Packed | None:
    if "pyarrow" not in sys.modules and size < _WORTH_IMPORT_BYTES:
        return None
    import pyarrow

    form = "pandas" if value.ndim == 2 else "pandas.Series"
    if form == "pandas.Series" and type(value.name) is not str:
        return None
    frame = value if form == "pandas" else value.to_frame()
    if not _is_plain(pandas, value) or not _is_plain(pandas, frame):
        return None
    table = pyarrow.Table.from_pandas(frame)
    return Packed(form, _stream(table)) if _comes_back(frame, table.slice(0, 0).to_pandas()) else None


def _is_plain(pandas: ModuleType, value: Any) -> bool:
    """Tell whether there is nothing about a frame that Arrow does not know of."""
    if value.attrs or not value.flags.allows_duplicate_labels:
        return False
    index = value.index
    named = index.name is None or type(index.name) is str
    if isinstance(index, pandas.MultiIndex) or not named or getattr(index, "freq", None) is not None:
        return False
    if value.ndim == 1:
        return True
    columns = value.columns
    if type(columns) is not pandas.Index or not columns.is_unique or columns.name is not None:
        return False
    if not all(type(name) is str for name in columns):
        return False
    return all(_is_lossless(pandas, column) for _, column in value.items()) and (
        isinstance(index, pandas.RangeIndex) or _is_lossless(pandas, index)
    )


def _is_lossless(pandas: ModuleType, column: Any) -> bool:
    dtype = column.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return isinstance(column, pandas.Series) and _is_lossless(pandas, dtype.categories)
    if isinstance(dtype, (pandas.StringDtype, pandas.DatetimeTZDtype)):
        return True
    if dtype.kind == "O" and not pandas.api.types.is_extension_array_dtype(dtype):
        return isinstance(column, pandas.Series) and set(map(type, column.array)) <= {str, type(None)}
    kind = getattr(dtype, "kind", "")
    return kind in _LOSSLESS or (kind == "f" and dtype.itemsize in (4, 8) and dtype.isbuiltin == 1)


def _comes_back(frame: Any, back: Any) -> bool:
    """Tell whether a frame and one that went through Arrow without its rows are of one make."""
    ours, theirs = frame.columns, back.columns
    if ours.dtype != theirs.dtype or not ours.equals(theirs) or type(frame.index) is not type(back.index):
        return False
    numbered = (
        type(frame.index).__name__ == "RangeIndex"
    )  # told in the schema, which a part without rows belies
    if frame.index.name != back.index.name and not numbered:
        return False
    pairs = [*zip(frame.dtypes, back.dtypes, strict=True), (frame.index.dtype, back.index.dtype)]
    return all(_is_same(one, other) for one, other in pairs)


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is not type(other) or one != other or repr(one) != repr(other):
        return False
    if hasattr(one, "categories"):
        return _is_same(one.categories.dtype, other.categories.dtype) and one.categories.equals(
            other.categories
        )
    return type(getattr(one, "tz", None)) is type(getattr(other, "tz", None))


def _pack_polars(polars: ModuleType, value: Any) -> Packed | None:
    form = "polars" if isinstance(value, polars.DataFrame) else "polars.Series"
    frame = value if form == "polars" else value.to_frame()
    empty, whole = BytesIO(), BytesIO()
    frame.head(0).write_ipc(empty)
    if polars.read_ipc(BytesIO(empty.getvalue())).schema != frame.schema:
        return None
    frame.write_ipc(whole)
    return Packed(form, (whole.getbuffer(),))


class _Pieces(RawIOBase):
    """Takes what Arrow writes, without a copy of the columns."""

    def __init__(self) -> None:
        self.taken: list[memoryview] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        """Take a piece, which nobody changes: it is bytes, or memory of the table."""
        view = memoryview(data)
        self.taken.append(view)
        return view.nbytes


def _stream(table: Any) -> list[memoryview]:
    import pyarrow

    pieces = _Pieces()
    with (
        pyarrow.PythonFile(pieces, mode="w") as sink,
        pyarrow.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    return pieces.taken


def _table(view: memoryview) -> Any:
    import pyarrow

    return pyarrow.ipc.open_stream(pyarrow.py_buffer(view)).read_all()
