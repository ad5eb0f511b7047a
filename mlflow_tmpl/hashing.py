"""Content hashes: BLAKE3 throughout, for data, code and keys alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGEST_BYTES = 20
"""Length of every digest: 160 bits leave accidental collisions out of the question at any scale."""

PIECE_BYTES = 1 << 20
"""A file is read in pieces of this size; a smaller one at once."""

PARALLEL_BYTES = 4 << 20
"""Above this size several threads pay for themselves."""


def digest(data: bytes | str) -> str:
    """Return the hash of some bytes, or of a text's UTF-8, as 40 hexadecimal digits."""
    return blake3(data.encode() if isinstance(data, str) else data).hexdigest(length=DIGEST_BYTES)


def digest_parts(parts: Iterable[str]) -> str:
    """Return the hash of a sequence of texts; no two different sequences are fed in as the same bytes."""
    return digest("".join([f"{len(part)}:{part}" for part in parts]))


def digest_file(path: str | os.PathLike[str]) -> str:
    """Return the hash of a file's content.

    It is read piece by piece: as fast as through a memory map, which would end the process (SIGBUS) if someone
    cut the file short meanwhile.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size < PIECE_BYTES:
            return blake3(file.read()).hexdigest(length=DIGEST_BYTES)
        hasher = blake3(max_threads=blake3.AUTO if size > PARALLEL_BYTES else 1)
        piece = memoryview(bytearray(PARALLEL_BYTES if size > PARALLEL_BYTES else PIECE_BYTES))
        while count := file.readinto(piece):
            hasher.update(piece[:count])
    return hasher.hexdigest(length=DIGEST_BYTES)


class Hasher:
    """The hash of what comes in pieces.

    Example:
        >>> hasher = Hasher()
        >>> hasher.update(b"to")
        >>> hasher.update(b"gether")
        >>> hasher.digest() == digest("together")
        True
    """

    def __init__(self) -> None:
        self._hasher = blake3()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take in one more piece."""
        self._hasher.update(data)

    def digest(self) -> str:
        """Return the hash of all pieces so far."""
        return self._hasher.hexdigest(length=DIGEST_BYTES)
