"""Local files, replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.real_paths import RealPaths
from mlflow_tmpl.catalog.temporaries import Leftovers, remove, temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE_S: tuple[float, ...] = (0.01, 0.05, 0.2, 0.5, 1.0) if sys.platform == "win32" else ()
"""Waits before another try to replace a file: on Windows a scanner or a reader may hold it for a moment."""

_CANNOT_SYNC = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EBADF})


@contextmanager
def replacing(path: Path, leftovers: Leftovers | None = None) -> Iterator[Path]:
    """Give a temporary sibling to write to, which takes the place of `path` when the block ends well.

    Whoever reads `path` at any moment, also after a crash, finds the old content or the new. A link is
    written through to where it points, the old file's permissions are kept, and missing parents are made.

    Args:
        path: the file to make or to replace.
        leftovers: clears the folder of what earlier writers left when they were killed.

    Raises:
        OSError: the file cannot be written there; the old one is untouched.
    """
    target = Path(os.path.realpath(path))
    mode = _mode_to_keep(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    (leftovers or Leftovers()).sweep(target.parent)
    temporary = target.with_name(temporary_name(target.name))
    try:
        yield temporary
        _settle(temporary, mode)
        replace(temporary, target)
    except BaseException:
        remove(temporary)
        raise
    sync_folder(target.parent)


def replace(source: Path, target: Path, patience_s: Sequence[float] = PATIENCE_S) -> None:
    """Move a file over another, with some patience for those who hold it."""
    for wait_s in (*patience_s, None):
        try:
            source.replace(target)
        except PermissionError:
            if wait_s is None:
                raise
            time.sleep(wait_s)
        else:
            return


def writing_problem(path: Path, real: RealPaths | None = None) -> str:
    """Return why a file cannot be written at `path`, or an empty string; nothing is touched.

    Args:
        path: of the file.
        real: follows links, if there are many files.
    """
    real = real or RealPaths()
    target = real(path)
    try:
        _mode_to_keep(target)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return real.folder_problem(target)


def _mode_to_keep(target: str | Path) -> int | None:
    """Return the permissions of the file to be replaced, ``None`` if there is none."""
    try:
        found = os.stat(target)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file", str(target))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file, so it cannot be replaced", str(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected", str(target))
    return stat.S_IMODE(found.st_mode)


def _settle(temporary: Path, mode: int | None) -> None:
    """Bring what was written to the disk: a rename that survives a power cut must not outlive its content."""
    if temporary.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder was written where a file is declared", str(temporary))
    sync_file(temporary)
    if mode is not None:
        temporary.chmod(mode)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def sync_file(path: Path) -> None:
    """Bring a file's content to the disk, where that can be asked for."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where that can be asked for."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)
