"""Values as files: written once, mapped by all who take them.

A file has a pickle and after it the buffers that pickle 5 leaves out of band: the columns of a frame, the numbers of an
array. Who takes the value maps the file privately, so that nothing is copied until it is written to, and then only the
pages written to; nobody sees what another does. A file that is removed stays with those who have mapped it.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.portable import ByValueOnly, pickler
from mlflow_tmpl.store.pickles import laid_out, read_pickle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow_tmpl.engine.processes.order import Place
    from mlflow_tmpl.store.packing import Piece

SMALL_BYTES = 1 << 16
"""What takes no more than that travels within messages."""

_LOOKED_AT_BYTES = 1 << 20
"""So much of a pickle is made, and thrown away, to learn how large a value is; buffers cost nothing to count."""


class _TooLarge(Exception):
    """More was counted than is worth it."""


class _Counted(io.BytesIO):
    """Keeps what is small and counts the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0
        self.buffers = 0

    def write(self, data: Any, /) -> int:
        size = memoryview(data).nbytes
        self.bytes += size
        if self.bytes > _LOOKED_AT_BYTES:
            raise _TooLarge
        return super().write(data) if self.bytes + self.buffers <= SMALL_BYTES else size

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Keep a buffer within the pickle while all is small."""
        size = memoryview(buffer).nbytes
        if self.bytes + self.buffers + size <= SMALL_BYTES:
            return True
        self.buffers += size
        return False


def pack(value: Any) -> tuple[bytes | None, int]:
    """Return a small value as bytes, ``None`` for a larger one, and about how many bytes it takes.

    Raises:
        Exception: it cannot be pickled.
    """

    def attempt(by_value: bool) -> tuple[bytes | None, int]:
        stream = _Counted()
        try:
            pickler(stream, by_value, stream.take).dump(value)
        except _TooLarge:
            return None, stream.bytes + stream.buffers
        size = stream.bytes + stream.buffers
        return (stream.getvalue() if size <= SMALL_BYTES else None), size

    data, size = _either(attempt)
    return data, size


def write(value: Any, path: str) -> int:
    """Write a value to a new file, and return the size of that.

    Raises:
        OSError: there is no room for it.
        Exception: it cannot be pickled.
    """

    def attempt(by_value: bool) -> tuple[bytes, list[pickle.PickleBuffer]]:
        stream, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
        pickler(stream, by_value, buffers.append).dump(value)
        return stream.getvalue(), buffers

    data, buffers = _either(attempt)
    raw = [buffer.raw() for buffer in buffers]
    return write_pieces(laid_out([(data, True), *[(piece, piece.readonly) for piece in raw]]), path)


def write_pieces(pieces: Iterable[Piece], path: str) -> int:
    """Write bytes to a new file, and return the size of that; what could not be written is removed.

    Raises:
        OSError: there is no room for it.
    """
    try:
        with open(path, "xb", buffering=0) as file:
            for piece in pieces:
                _write_all(file, memoryview(piece))
            return file.tell()
    except OSError:
        with suppress(OSError):
            os.unlink(path)
        raise


def write_somewhere(value: Any, memory: str, disk: str, has_room: bool) -> Place:
    """Write a value to a new file, in memory if there is room, and return its place.

    Args:
        value: what is written.
        memory: folder whose files lie in memory, empty if there is none.
        disk: folder for others.
        has_room: whether it may lie in memory.

    Raises:
        OSError: there is no room at all.
        Exception: it cannot be pickled.
    """
    name = f"{os.getpid()}-{os.urandom(6).hex()}"
    if memory and has_room:
        path = os.path.join(memory, name)
        with suppress(OSError):  # no room after all
            return "file", path, write(value, path), True
    path = os.path.join(disk, name)
    return "file", path, write(value, path), False


def read(path: str) -> Any:
    """Return the value that a file holds."""
    return read_pickle(view(path))


def view(path: str) -> memoryview:
    """Return what a file holds; changes to it are the caller's own."""
    with open(path, "rb", buffering=0) as file:
        if sys.platform == "win32" or not os.fstat(file.fileno()).st_size:
            return memoryview(
                bytearray(file.read())
            )  # a mapped file could not be removed, an empty one not mapped
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def _write_all(file: io.RawIOBase, view: memoryview) -> None:
    while view.nbytes:
        view = view.cast("B")[file.write(view) or 0 :]


def _either(attempt: Callable[[bool], Any]) -> Any:
    """Try what is fast, then what can do more."""
    try:
        return attempt(False)
    except OSError:
        raise
    except Exception as first:
        if not isinstance(first, (ByValueOnly, pickle.PicklingError, AttributeError, TypeError)):
            raise
    return attempt(True)
