"""Compression told by the suffix, for the formats whose files we open ourselves."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


def _gzip(handle: Any, mode: Any) -> Any:
    import gzip

    # Neither name nor time go into the header: equal content has to give equal bytes.
    return gzip.GzipFile(filename="", mode=mode, fileobj=handle, mtime=0, compresslevel=6)


def _bz2(handle: Any, mode: Any) -> Any:
    import bz2

    return bz2.BZ2File(handle, mode)


def _xz(handle: Any, mode: Any) -> Any:
    import lzma

    return lzma.LZMAFile(handle, mode)


_OPENERS: Mapping[str, Callable[[Any, Any], Any]] = {".gz": _gzip, ".bz2": _bz2, ".xz": _xz}

COMPRESSED_SUFFIXES = tuple(_OPENERS)


def is_compressed(name: str) -> bool:
    """Tell by its suffix whether a file is compressed in a way that we open."""
    return PurePath(name).suffix.lower() in _OPENERS


@contextmanager
def through(handle: IO[bytes], name: str, mode: str) -> Iterator[IO[bytes]]:
    """Give an open file through the compression that a name's suffix tells; closing it is the giver's."""
    opener = _OPENERS.get(PurePath(name).suffix.lower())
    if opener is None:
        yield handle
    else:
        with opener(handle, mode) as inner:
            yield inner


@contextmanager
def opened(path: Path, mode: str) -> Iterator[IO[bytes]]:
    """Open a file for bytes (``rb`` or ``wb``), through the compression that its suffix tells."""
    with open(path, mode) as raw, through(cast("IO[bytes]", raw), path.name, mode) as handle:
        yield handle
