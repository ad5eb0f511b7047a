"""Text and raw bytes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

SLICE = 1 << 22
"""Characters that are encoded at once: a text of a gigabyte is not held twice."""


def _load_text(file: IO[bytes], encoding: str = "utf-8-sig", errors: str = "strict") -> str:
    return file.read().decode(encoding, errors)


def _text_head(file: IO[bytes], rows: int, encoding: str = "utf-8-sig", errors: str = "strict") -> str:
    from io import TextIOWrapper
    from itertools import islice

    text = TextIOWrapper(file, encoding, errors, newline="")
    found = "".join(islice(text, rows))
    text.detach()
    return found


def _save_text(data: str, file: IO[bytes], encoding: str = "utf-8", errors: str = "strict") -> None:
    _stream_text([data], file, encoding, errors)


def _stream_text(
    chunks: Iterable[str], file: IO[bytes], encoding: str = "utf-8", errors: str = "strict"
) -> None:
    from codecs import getincrementalencoder

    encoder = getincrementalencoder(encoding)(errors)
    for chunk in chunks:
        if not isinstance(chunk, str):
            raise TypeError(f"text is needed, not {type(chunk).__name__}")
        for start in range(0, len(chunk), SLICE):
            file.write(encoder.encode(chunk[start : start + SLICE]))
    file.write(encoder.encode("", final=True))


def _load_bytes(file: IO[bytes]) -> bytes:
    return file.read()


def _save_bytes(data: bytes, file: IO[bytes]) -> None:
    _stream_bytes([data], file)


def _stream_bytes(chunks: Iterable[bytes], file: IO[bytes]) -> None:
    for chunk in chunks:
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            raise TypeError(f"bytes are needed, not {type(chunk).__name__}")
        file.write(chunk)


TEXT = Format(
    name="text",
    value="text",
    aliases=("text.TextDataset",),
    suffixes=(".txt", ".md", ".html"),
    opened=True,
    compressed=True,
    load=_load_text,
    save=_save_text,
    stream=_stream_text,
    head=_text_head,
)

BYTES = Format(
    name="bytes",
    value="bytes",
    suffixes=(".bin",),
    opened=True,
    compressed=True,
    exact=True,
    load=_load_bytes,
    save=_save_bytes,
    stream=_stream_bytes,
)
