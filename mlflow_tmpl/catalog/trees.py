"""Folders as content: the fingerprint of all files below one, whatever their times and order on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.temporaries import is_temporary
from mlflow_tmpl.hashing import digest_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files in a folder and below it by their paths in it, sorted; links are followed, in circles once.

    What someone is still writing beside its place is no content.

    Raises:
        OSError: a folder cannot be listed.
    """
    yield from sorted(_walk(os.fspath(folder), "", frozenset()))


def _walk(folder: str, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    found = os.stat(folder)
    identity = (found.st_dev, found.st_ino)
    if identity in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_temporary(entry.name):
                continue
            if entry.is_dir():
                yield from _walk(entry.path, f"{prefix}{entry.name}/", above | {identity})
            else:
                yield f"{prefix}{entry.name}", Path(entry.path)


def tree_fingerprint(folder: Path, hash_file: Callable[[Path], str]) -> str:
    """Return the hash of the names and contents of all files below a folder; folders without files do not count.

    Args:
        folder: where they are.
        hash_file: gives the hash of a file's content; if it has a `warm`, it is shown all files before.

    Raises:
        OSError: a file or folder cannot be read; also a link that leads nowhere.
    """
    files = list(files_below(folder))
    warm = getattr(hash_file, "warm", None)
    if warm is not None:
        warm(path for _, path in files)
    return digest_parts(part for name, path in files for part in (name, hash_file(path)))
