"""How much a dataset holds at present, told without loading it: for reasons, never for decisions."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MOST_BYTES = 64 << 20
"""The lines of a larger file are not counted: a plan is there before one has looked up."""

_SHAPELESS = frozenset({"dtype", "dtypes", "parse_dates", "usecols", "columns", "na_values", "index_col"})
"""Arguments of loading that leave the number of rows alone."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a version of a dataset holds.

    Attributes:
        bytes: of the file; ``None`` if that is not known.
        rows: of the table; ``None`` if it is none, or they are not known.
    """

    bytes: int | None = None
    rows: int | None = None

    def told_beside(self, other: Extent) -> tuple[str, str]:
        """Return both in words: in rows where they differ, else in bytes, else not at all.

        Example:
            >>> Extent(10_500, 344).told_beside(Extent(10_530, 345))
            ('344', '345 rows')
        """
        for unit in ("rows", "bytes"):
            one, two = getattr(self, unit), getattr(other, unit)
            if one is not None and two is not None and one != two:
                return f"{one:,}", f"{two:,} {unit}"
        return "", ""


def extent_of(dataset: Any) -> Extent:
    """Return how much a dataset holds now, as far as that can be told cheaply."""
    path: Path | None = getattr(dataset, "path", None)
    try:
        found = os.stat(path) if path is not None else None
    except OSError:
        return Extent()
    if found is not None and not stat.S_ISREG(found.st_mode):
        return Extent()  # a versioned file of which there is no version yet
    size = found.st_size if found is not None else None
    kind = getattr(getattr(dataset, "format", None), "name", "")
    count = _COUNTS.get(kind)
    if path is None or size is None or size > MOST_BYTES or count is None:
        return Extent(size)
    if set(getattr(dataset, "load_args", ())) - _SHAPELESS:
        return Extent(size)
    try:
        return Extent(size, count(path))
    except Exception:  # noqa: BLE001 (a damaged file: loading it will say so)
        return Extent(size)


def _csv_rows(path: Path) -> int | None:
    """Count the records below the header; line ends between quotes are none (RFC 4180)."""
    if path.suffix.lower() != ".csv":
        return None
    outside = b"".join(path.read_bytes().split(b'"')[::2]).replace(b"\r\n", b"\n")
    if b"\n\n" in outside or outside[:1] == b"\n" or b"\r" in outside:
        return None  # whether blank lines are records is the reader's choice
    return outside.rstrip(b"\n").count(b"\n") if outside else None


def _parquet_rows(path: Path) -> int:
    from pyarrow.parquet import read_metadata  # the node that loads the file imports it anyway

    return int(read_metadata(path).num_rows)


_COUNTS: Mapping[str, Callable[[Path], int | None]] = {"csv": _csv_rows, "parquet": _parquet_rows}
