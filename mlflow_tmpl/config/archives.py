"""What zip and tar archives hold, read in memory."""

from __future__ import annotations

import io
import tarfile
import zipfile
from functools import partial
from typing import TYPE_CHECKING

from mlflow_tmpl.config.yaml import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Members = Iterator[tuple[str, Callable[[], bytes] | None]]

UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError, RuntimeError)
"""What is raised where a content is no archive, or a damaged one."""


def members_of(content: bytes) -> Members:
    """Yield the files of an archive: name, and what reads it; ``None`` for a link."""
    return _zip(content) if content[:2] == b"PK" else _tar(content)


def _zip(content: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
                yield info.filename, None if is_link else partial(_from_zip, archive, info)


def _tar(content: bytes) -> Members:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for info in archive:
            if not info.isdir():
                yield info.name, partial(_from_tar, archive, info) if info.isreg() else None


def _from_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        return file.read(MAX_BYTES + 1)


def _from_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(info)
    assert file is not None  # of a regular file
    return file.read(MAX_BYTES + 1)
