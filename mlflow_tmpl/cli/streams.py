"""What may be written where: one JSON document on stdout and nothing else there, and no harm when nobody reads."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_tmpl.masking import Secrets

_STREAMS = {"stdin": "r", "stdout": "w", "stderr": "w"}


class Unbroken:
    """A text stream that may break: what is written then is dropped, and who prints does not notice.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return self._stream.write(text)
        except (
            OSError,
            ValueError,
        ):  # the reader has gone, the terminal hung up, or somebody closed the stream
            self._leave()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._leave()

    def _leave(self) -> None:
        """Let the interpreter's own flush at exit find an open stream."""
        _point_at_nothing(self._stream)
        self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (lives as long as the process)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Masked:
    """A text stream on which no known secret is seen.

    Args:
        stream: what is written to.
        secrets: what is masked; more may become known at any time.

    Attributes:
        unmasked: the stream.
        secrets: what is masked.
    """

    def __init__(self, stream: IO[str], secrets: Secrets) -> None:
        self.unmasked = stream
        self.secrets = secrets

    def write(self, text: str) -> int:
        """Write what may be seen of a text."""
        self.unmasked.write(self.secrets.mask(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write what may be seen of some lines."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unmasked, name)


def mask_streams(secrets: Secrets) -> None:
    """Mask on stdout and stderr, until the process ends, what is known then."""
    sys.stdout = cast("TextIO", Masked(sys.stdout, secrets))
    sys.stderr = cast("TextIO", Masked(sys.stderr, secrets))


def prepare_streams() -> None:
    """Make stdin, stdout and stderr such that every command can use them.

    A process that was started without them (``>&-``) gets ones that drop what is written: else the first file
    that it opens would become its stdout. Characters that an encoding lacks are written as escapes.
    """
    for number, (name, mode) in enumerate(_STREAMS.items()):
        stream = getattr(sys, name)
        if stream is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 (lives as long as the process)
            setattr(sys, name, stream)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def unbroken_streams() -> Iterator[None]:
    """Let a run go on when what it prints to is closed."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast("TextIO", Unbroken(before[0])), cast("TextIO", Unbroken(before[1]))
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def reserve_stdout(encoding: str = "utf-8") -> IO[str]:
    """Return the real stdout; all else that writes there until the process ends gets stderr.

    That holds for C code, threads left behind and exit handlers too.

    Args:
        encoding: of what will be written: a document's, or the terminal's own.
    """
    sys.stdout.flush()
    document: IO[str] = open(os.dup(1), "w", encoding=encoding, errors="backslashreplace")  # noqa: SIM115 (lives on)
    secrets = getattr(sys.stdout, "secrets", None)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return document if secrets is None else cast("IO[str]", Masked(document, secrets))


def print_document(data: Any, stream: IO[str]) -> None:
    """Print one JSON document; a reader who has gone away is no error.

    Raises:
        DataError: it cannot be written, say because the disk is full.
    """
    if isinstance(stream, Masked):  # text by text: masked as a whole it might not be JSON any more
        data, stream = stream.secrets.mask_data(data), stream.unmasked
    text = f"{_as_json(data)}\n"
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _point_at_nothing(stream)
    except OSError as error:
        from mlflow_tmpl.errors import DataError

        _point_at_nothing(stream)
        raise DataError(f"the document cannot be written: {error.strerror or error}") from error


def _as_json(data: Any) -> str:
    from json import JSONEncoder  # not `dumps`: a node's module may have put something of its own there

    writes = JSONEncoder(indent=2, ensure_ascii=False, default=str, allow_nan=False)
    try:
        return writes.encode(data)
    except ValueError:
        return writes.encode(_finite(data))


def _finite(data: Any) -> Any:
    """Return data with the numbers that JSON lacks (RFC 8259, section 6) as texts: ``"nan"``, ``"inf"``."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    infinite = isinstance(data, float) and data - data != 0
    return str(data) if infinite else data


def _point_at_nothing(stream: IO[str]) -> None:
    """Let what is still in a broken stream's buffer, and all that comes, go nowhere."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
    except (OSError, ValueError):
        return
