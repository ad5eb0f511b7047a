"""Text and raw bytes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Iterator


def _load_text(file: IO[bytes], encoding: str = "utf-8-sig", errors: str = "strict") -> str:
    return file.read().decode(encoding, errors)


def _save_text(data: str, file: IO[bytes], encoding: str = "utf-8", errors: str = "strict") -> None:
    if not isinstance(data, str):
        raise TypeError(f"text is needed, not {type(data).__name__}")
    file.write(data.encode(encoding, errors))


def _stream_text(chunks: Iterator[str], file: IO[bytes], **save_args: str) -> None:
    for chunk in chunks:
        _save_text(chunk, file, **save_args)


def _load_bytes(file: IO[bytes]) -> bytes:
    return file.read()


def _save_bytes(data: bytes, file: IO[bytes]) -> None:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"bytes are needed, not {type(data).__name__}")
    file.write(data)


TEXT = Format(
    name="text",
    aliases=("text.TextDataset",),
    suffixes=(".txt", ".md", ".html"),
    opened=True,
    compressed=True,
    load=_load_text,
    save=_save_text,
    stream=_stream_text,
)

BYTES = Format(
    name="bytes",
    suffixes=(".bin",),
    opened=True,
    compressed=True,
    load=_load_bytes,
    save=_save_bytes,
)
