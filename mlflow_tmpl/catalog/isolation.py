"""A value handed on so that no taker sees what another does to it."""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

_ATOMIC = frozenset({type(None), bool, int, float, complex, str, bytes, type, range})

_IMMUTABLE_CELLS = frozenset(
    {"string", "bytes", "boolean", "integer", "floating", "mixed-integer-float", "decimal", "complex"}
    | {"datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period", "interval", "empty"}
)
"""What `pandas.api.types.infer_dtype` says of an object column whose cells nobody can change."""


def isolate(value: Any, mode: str | None = None, *, subject: str = "a value in memory") -> Any:
    """Return a value that its taker may do anything to without anyone else seeing it.

    Frames are shared until they are written to, arrays are given read-only, and only what has no such means
    is copied. The libraries are not imported for it: where one is not, no value can be of it.

    Args:
        value: what is handed on.
        mode: ``never`` gives the value itself, ``shallow`` and ``deep`` a copy of that kind; ``None`` leaves
            it to the kind of value.
        subject: what to call the value in an error.

    Raises:
        DataError: it cannot be copied.

    Example:
        >>> given = {"a": [1]}
        >>> taken = isolate(given)
        >>> taken["a"].append(2)
        >>> given
        {'a': [1]}
    """
    if mode == "never" or type(value) in _ATOMIC:
        return value
    if mode == "shallow":
        return _copied(copy.copy, value, subject)
    if mode is None:
        for library, share in _SHARING.items():
            module = sys.modules.get(library)
            shared = share(module, value) if module is not None else None
            if shared is not None:
                return shared
    return _copied(copy.deepcopy, value, subject)


def _copied(how: Callable[[Any], Any], value: Any, subject: str) -> Any:
    try:
        return how(value)
    except MemoryError:
        raise
    except Exception as error:
        raise DataError(
            f"{subject} of type {type(value).__name__} cannot be copied for each of its takers: {error}",
            hint="declare it as {type: memory, copy: never}",
        ) from error


def _share_pandas(pandas: ModuleType, value: Any) -> Any:
    if not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return value if isinstance(value, pandas.Index) and value.dtype != object else None
    if not copies_on_write(pandas):
        return _with_own_cells(pandas, value.copy(deep=True))
    return _with_own_cells(pandas, value.copy(deep=False))


def copies_on_write(pandas: ModuleType) -> bool:
    """Tell whether frames are shared until written to: always from pandas 3 on, before that if it is asked for."""
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return pandas.get_option("mode.copy_on_write") is True


def _with_own_cells(pandas: ModuleType, shared: Any) -> Any:
    """Deep-copy the columns whose cells are lists, dicts or the like: no copy of a frame copies those."""
    if isinstance(shared, pandas.Series):
        return _copied_cells(pandas, shared) if has_mutable_cells(pandas, shared) else shared
    for position, dtype in enumerate(shared.dtypes):
        if pandas.api.types.is_object_dtype(dtype):
            column = shared.iloc[:, position]
            if has_mutable_cells(pandas, column):
                shared.isetitem(position, _copied_cells(pandas, column))
    return shared


def has_mutable_cells(pandas: ModuleType, value: Any) -> bool:
    """Tell whether cells of a series or frame are lists, dicts or the like, which no copy of a frame copies."""
    if value.ndim > 1:
        return any(has_mutable_cells(pandas, column) for _, column in value.items())
    if not pandas.api.types.is_object_dtype(value.dtype):
        return False
    return pandas.api.types.infer_dtype(value, skipna=True) not in _IMMUTABLE_CELLS


def _copied_cells(pandas: ModuleType, column: Any) -> Any:
    """Return a column whose cells are copies."""
    cells = copy.deepcopy(column.to_numpy(dtype=object, copy=True))
    return pandas.Series(cells, index=column.index, name=column.name, dtype=object)


def _share_polars(polars: ModuleType, value: Any) -> Any:
    return value.clone() if isinstance(value, (polars.DataFrame, polars.LazyFrame, polars.Series)) else None


def _share_numpy(numpy: ModuleType, value: Any) -> Any:
    if type(value) not in (numpy.ndarray, numpy.memmap):
        return value if isinstance(value, numpy.generic) and not isinstance(value, numpy.void) else None
    if value.dtype.hasobject:
        return None
    view = value.view()
    view.flags.writeable = False
    return view


def _share_arrow(arrow: ModuleType, value: Any) -> Any:
    immutable = (arrow.Table, arrow.RecordBatch, arrow.ChunkedArray, arrow.Array, arrow.Scalar, arrow.Schema)
    return value if isinstance(value, immutable) else None


_SHARING: Mapping[str, Callable[[ModuleType, Any], Any]] = {
    "pandas": _share_pandas,
    "polars": _share_polars,
    "numpy": _share_numpy,
    "pyarrow": _share_arrow,
}
