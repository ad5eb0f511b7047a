"""Frames of polars on their way between processes: as Arrow tables, whose columns are not copied.

By itself a frame of polars pickles into one piece, which takes three seconds for a gigabyte, and as much to read.
"""

from __future__ import annotations

import sys
from collections import ChainMap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORTH_BYTES = 1 << 20
"""Below that Arrow is not imported for a frame."""


def table_with_polars(known: Mapping[Any, Callable[[Any], Any]]) -> ChainMap[Any, Callable[[Any], Any]]:
    """Return what a pickler knows of types, with the frames of polars, which has been imported."""
    import polars

    return ChainMap({polars.DataFrame: _reduced}, dict(known))


def _reduced(frame: Any) -> Any:
    """Return how a frame is made from an Arrow table, or from what it gives itself where Arrow has no such type."""
    if frame.estimated_size() >= _WORTH_BYTES or "pyarrow" in sys.modules:
        import polars

        try:
            table = frame.to_arrow(compat_level=polars.CompatLevel.newest())
            empty: Any = polars.from_arrow(table.slice(0, 0))
            same = empty.schema == frame.schema
        except Exception:  # noqa: BLE001 (Arrow is not there, or knows no such type)
            same = False
        if same:
            return _from_arrow, (table,)
    return frame.__reduce_ex__(5)


def _from_arrow(table: Any) -> Any:
    import polars

    return polars.from_arrow(table)
