"""How a value is told in a few words: its type and its size."""

from __future__ import annotations

from typing import Any


def shape_of(value: Any) -> str:
    """Return a value's type and size, never its content beyond a short scalar.

    Example:
        >>> shape_of([1, 2, 3]), shape_of(0.5)
        ('list of 3', 'float 0.5')
    """
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        dtype = getattr(value, "dtype", None)
        return f"{kind} {' x '.join(f'{size:,}' for size in shape)}{f' {dtype}' if dtype is not None else ''}"
    if isinstance(value, (bool, int, float)):
        return f"{kind} {value!r}"
    if isinstance(value, (str, bytes)):
        return f"{kind} of {len(value):,}"
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return f"{kind} of {len(value):,}"
    return kind


def rows_of(value: Any) -> int | None:
    """Return the number of rows of a table or array, ``None`` for anything else."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape and isinstance(shape[0], int):
        return shape[0]
    rows = getattr(value, "num_rows", None)
    return rows if isinstance(rows, int) else None
