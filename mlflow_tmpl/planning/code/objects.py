"""The classes that a file of pickled objects names: their code counts for whoever opens it.

A pickle holds the names of the classes and functions of its objects as texts, each whole. So looking for the names of
the project's modules, and then for the names in these, finds all that it can lead to, and sometimes more: a text that
only looks like a name. Nothing is unpickled for it.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from io import FileIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_CHUNK_BYTES = 4 << 20
_LONGEST_NAME = 1024

_OPENERS: Mapping[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
    b"]\x00\x00": lzma.LZMAFile,
}
_UNREADABLE = (b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd", b"PK")
"""How files begin that are packed in ways that Python alone does not undo."""


def modules_in(path: Path, tops: Iterable[str]) -> tuple[str, ...] | None:
    """Return the dotted names below some top-level ones that a file holds; ``None`` if it cannot be looked into.

    What stands behind a name may look like more of it: the beginning of each may be the name.
    """
    patterns = [re.compile(re.escape(top.encode()) + rb"(?:\.\w+)*") for top in sorted(tops)]
    return _found(path, lambda chunk: (name for pattern in patterns for name in pattern.findall(chunk)))


_MODULES = re.compile(rb"\x8c.([A-Za-z_]\w*)[\w.]*(?=[\x94\x8ch])|c([A-Za-z_]\w*)[\w.]*\n\w", re.DOTALL)
"""How the module of a class begins in a pickle, by the protocols from 4 on and by those before."""


def packages_in(path: Path, is_package: Callable[[str], bool]) -> tuple[str, ...] | None:
    """Return the packages that a file of pickled objects names; ``None`` if it cannot be looked into."""
    known: dict[bytes, bool] = {}

    def look(chunk: bytes) -> Iterator[bytes]:
        for match in _MODULES.finditer(chunk):
            name = match[1] or match[2]
            if name not in known:
                known[name] = name.isascii() and is_package(name.decode())
            if known[name]:
                yield name

    return _found(path, look)


def names_in(path: Path, names: Iterable[str]) -> tuple[str, ...] | None:
    """Return those of some names that a file holds; ``None`` if it cannot be looked into."""
    sought = [name.encode() for name in names]
    return _found(path, lambda chunk: (name for name in sought if name in chunk))


def _found(path: Path, look: Callable[[bytes], Iterable[bytes]]) -> tuple[str, ...] | None:
    found: set[bytes] = set()
    try:
        for chunk in _chunks(path):
            if chunk is None:
                return None
            found.update(look(chunk))
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return None
    return tuple(sorted(name.decode(errors="replace") for name in found))


def _chunks(path: Path) -> Iterator[bytes | None]:
    """Yield the content of a file, decompressed; each chunk begins with the end of the one before."""
    with open(path, "rb") as file:
        head = file.read(8)
    if head.startswith(_UNREADABLE):
        yield None
        return
    overlap = b""
    for chunk in _inflated(path) if _is_zlib(head) else _read(path, head):
        yield overlap + chunk
        overlap = chunk[-_LONGEST_NAME:]


def _read(path: Path, head: bytes) -> Iterator[bytes]:
    opener = next((each for magic, each in _OPENERS.items() if head.startswith(magic)), FileIO)
    with opener(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _is_zlib(head: bytes) -> bool:
    return head[:1] == b"x" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0


def _inflated(path: Path) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield inflater.decompress(chunk)
    yield inflater.flush()
