"""Content hashes: BLAKE3 throughout, for data, code and keys alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DIGEST_BYTES = 20
"""Length of every digest: 160 bits leave accidental collisions out of the question at any scale."""

PARALLEL_BYTES = 4 << 20
"""Above this size several threads pay for themselves."""


def digest(data: bytes | str) -> str:
    """Return the hash of some bytes, or of a text's UTF-8, as 40 hexadecimal digits."""
    return blake3(data.encode() if isinstance(data, str) else data).hexdigest(length=DIGEST_BYTES)


def digest_parts(parts: Iterable[str]) -> str:
    """Return the hash of a sequence of texts; no two different sequences are fed in as the same bytes."""
    return digest("".join([f"{len(part)}:{part}" for part in parts]))


def digest_file(path: Path) -> str:
    """Return the hash of a file's content, read through a memory map where the system has one.

    Raises:
        OSError: the file cannot be read.
    """
    hasher = blake3(max_threads=blake3.AUTO if path.stat().st_size > PARALLEL_BYTES else 1)
    hasher.update_mmap(path)
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
