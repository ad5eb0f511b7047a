"""What may be written where: one JSON document on stdout and nothing else there, and no harm when nobody reads."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unbroken:
    """A text stream that a reader may leave: what is written then is dropped, and who prints does not notice.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return self._stream.write(text)
        except (BrokenPipeError, ValueError):
            self._leave()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        try:
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            self._leave()

    def _leave(self) -> None:
        """Let the interpreter's own flush at exit find an open stream."""
        self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (lives as long as the process)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def unbroken_streams() -> Iterator[None]:
    """Let a run go on when what it prints to is closed."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Unbroken(before[0]), Unbroken(before[1])
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


@contextmanager
def reserved_stdout() -> Iterator[IO[str]]:
    """Give the real stdout to the one who asks; everything else that writes there, C code included, gets stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    before, sys.stdout = sys.stdout, sys.stderr
    try:
        with open(kept, "w", encoding="utf-8", closefd=False) as document:
            yield document
    finally:
        sys.stdout = before
        os.dup2(kept, 1)
        os.close(kept)
