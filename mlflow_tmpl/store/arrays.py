"""Numpy arrays as `.npy` (NEP 1): a header, then the memory as it is."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.store.packing import Packed, Snapshot

if TYPE_CHECKING:
    from types import ModuleType

    from mlflow_tmpl.store.packing import Allowance

_KINDS = frozenset("biufcmMSUV")
_VERSION = (2, 0)
_HEADER = 1 << 16
"""More bytes than a header has."""


def snapshot_numpy(numpy: ModuleType, value: Any, allowance: Allowance) -> Snapshot | None:
    """Copy an array; ``None`` for what is none, or whose type the format does not tell whole."""
    if type(value) is not numpy.ndarray or not _is_told(numpy, value.dtype):
        return None
    allowance.check(value.nbytes)
    header = BytesIO()
    columns_first = value.flags.f_contiguous and not value.flags.c_contiguous
    told = {
        "descr": numpy.lib.format.dtype_to_descr(value.dtype),
        "fortran_order": columns_first,
        "shape": value.shape,
    }
    numpy.lib.format.write_array_header_2_0(header, told)
    packed = Packed("numpy", (header.getvalue(), value.tobytes("F" if columns_first else "C")))
    return Snapshot(value.nbytes, lambda: packed)


def read_numpy(view: memoryview) -> Any:
    """Return the array, which lies in the bytes given and can be written to."""
    import numpy

    start = BytesIO(bytes(view[:_HEADER]))
    version = numpy.lib.format.read_magic(start)
    if version != _VERSION:
        raise ValueError(f"an array of version {version}")
    shape, columns_first, dtype = numpy.lib.format.read_array_header_2_0(start)
    if dtype.hasobject:  # bytes from elsewhere as addresses of objects
        raise ValueError("an array of objects")
    return numpy.ndarray(shape, dtype, view, start.tell(), order="F" if columns_first else "C")


def _is_told(numpy: ModuleType, dtype: Any) -> bool:
    if dtype.hasobject or dtype.kind not in _KINDS or dtype.metadata or dtype.isalignedstruct:
        return False
    descr = numpy.lib.format.dtype_to_descr(dtype)
    fits = repr(descr).isascii() and len(repr(descr)) < _HEADER // 2
    return fits and bool(numpy.lib.format.descr_to_dtype(descr) == dtype)
