"""Any value as a pickle of protocol 5 (PEP 574), its large buffers beside it so that reading copies nothing.

The layout: a magic word, the number of parts, their lengths and whether they are read-only; then the parts, each
at a multiple of 64 bytes, the pickle first.
"""

from __future__ import annotations

import pickle
import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.store.packing import Packed, Snapshot, Unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.store.packing import Allowance, Piece

_MAGIC = b"mloPKL5\n"
_HEAD, _PART = struct.Struct("<8sQ"), struct.Struct("<Q?7x")
_ALIGN = 64

ELSEWHERE = frozenset(
    {"pathlib", "polars.lazyframe", "pyarrow._dataset", "pyarrow._fs", "fsspec", "dask", "ibis", "datasets"}
    | {"duckdb", "h5py", "pyspark", "ray", "sqlalchemy", "xarray", "zarr"}
)
"""Modules and packages whose objects say where something lies and do not hold it: what lies there may be gone."""


def snapshot_any(value: Any, allowance: Allowance) -> Snapshot:
    """Pickle a value now.

    Raises:
        Unfit: it cannot be pickled, is too large, takes too long, or holds something that lies elsewhere.
    """
    stream = _Stream(allowance)
    pickler = _Pickler(stream, 5, buffer_callback=stream.take)
    pickler.allow_elsewhere = allowance.elsewhere
    try:
        pickler.dump(value)
    except Unfit:
        raise
    except Exception as error:
        raise Unfit(f"it cannot be pickled: {error}") from error
    parts = [(stream.getvalue(), True), *stream.buffers]
    packed = Packed("pickle", tuple(laid_out(parts)))
    return Snapshot(stream.size, lambda: packed)


def read_pickle(view: memoryview) -> Any:
    """Return the value; its buffers lie in the bytes given."""
    magic, count = _HEAD.unpack_from(view)
    if magic != _MAGIC:
        raise pickle.UnpicklingError("not a kept value")
    at = _HEAD.size + count * _PART.size
    parts = []
    for length, read_only in _PART.iter_unpack(view[_HEAD.size : at]):
        at += -at % _ALIGN
        part = view[at : at + length]
        parts.append(part.toreadonly() if read_only else part)
        at += length
    return pickle.loads(parts[0], buffers=parts[1:])


class _Pickler(pickle.Pickler):
    """Refuses what only says where something lies."""

    allow_elsewhere = False

    def reducer_override(self, value: Any) -> Any:
        """Look at each object that is not of a plain built-in type."""
        parts = str(type(value).__module__).split(".")
        if not self.allow_elsewhere and (parts[0] in ELSEWHERE or ".".join(parts[:2]) in ELSEWHERE):
            raise Unfit(f"it holds a {type(value).__name__}, which says where something lies")
        return NotImplemented


class _Stream(BytesIO):
    """Takes a pickle and its buffers as long as the allowance lasts."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__()
        self._allowance = allowance
        self.size = 0
        self.buffers: list[tuple[Piece, bool]] = []

    def write(self, data: Any, /) -> int:
        self._count(len(memoryview(data).cast("B")))
        return super().write(data)

    def take(self, buffer: pickle.PickleBuffer) -> None:
        """Copy a buffer: who takes the value may write to it while it is on its way to the disk."""
        raw = buffer.raw()
        self._count(raw.nbytes)
        self.buffers.append((bytes(raw), raw.readonly))

    def _count(self, size: int) -> None:
        self.size += size
        self._allowance.check(self.size)


def laid_out(parts: Sequence[tuple[Piece, bool]]) -> Iterator[Piece]:
    """Yield what `read_pickle` reads: the pickle and its buffers, each with whether it is read-only."""
    head = _HEAD.pack(_MAGIC, len(parts)) + b"".join([_PART.pack(len(data), fixed) for data, fixed in parts])
    yield head
    at = len(head)
    for data, _ in parts:
        yield b"\0" * (-at % _ALIGN)
        at += -at % _ALIGN
        yield data
        at += len(data)
