"""Folders on this machine, replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.files import replace, sync_file, sync_folder
from mlflow_tmpl.catalog.temporaries import Leftovers, remove, temporary_name
from mlflow_tmpl.catalog.trees import files_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_HERE = -100
"""``AT_FDCWD``: paths are relative to the current folder."""

_EXCHANGES: Mapping[str, tuple[str, Callable[[Any, bytes, bytes], int]]] = {
    "linux": ("renameat2", lambda call, one, other: int(call(_HERE, one, _HERE, other, 2))),
    "darwin": ("renamex_np", lambda call, one, other: int(call(one, other, 2))),
}
"""The system's call that has two names change places, which Python does not offer."""


@contextmanager
def replacing_folder(path: Path, leftovers: Leftovers | None = None) -> Iterator[Path]:
    """Give an empty folder to fill, which takes the place of `path` when the block ends well.

    Whoever looks at `path`, also after a crash, finds all of the old files or all of the new.

    Raises:
        OSError: the folder cannot be made there; the old one is untouched.
    """
    target = Path(os.path.realpath(path))
    recover(target)
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    (leftovers or Leftovers()).sweep(target.parent)
    fresh = target.with_name(temporary_name(target.name))
    fresh.mkdir()
    try:
        yield fresh
        _settle(fresh)
        swap(fresh, target)
    finally:
        remove(fresh)
    sync_folder(target.parent)


def swap(fresh: Path, target: Path, exchange: Callable[[Path, Path], bool] | None = None) -> None:
    """Put a folder in the place of another, whose content is afterwards at `fresh` or gone.

    Where the system cannot exchange two names at once, the old folder is set aside for a moment under a name
    by which `recover` finds it.
    """
    if not target.exists():
        replace(fresh, target)
    elif not (exchange or exchanged)(fresh, target):
        aside = _aside(target)
        remove(aside)
        replace(target, aside)
        replace(fresh, target)
        remove(aside)


def recover(target: Path) -> None:
    """Bring back a folder whose writer was killed between setting it aside and putting the new one in place."""
    if not target.exists():
        with suppress(FileNotFoundError):
            _aside(target).rename(target)


def exchanged(one: Path, other: Path) -> bool:
    """Have two files or folders change places at once; ``False`` if this system or its disk cannot."""
    import ctypes

    name, ask = _EXCHANGES.get(sys.platform, ("", None))
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None) if ask is not None else None
    return call is not None and ask is not None and ask(call, os.fsencode(one), os.fsencode(other)) == 0


def keep_others(old: Path, fresh: Path) -> None:
    """Take into a new folder what the old one has and the new has not, without copying where links can be made."""
    for name, path in files_below(old) if old.is_dir() else ():
        kept = fresh / name
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, kept)
            except OSError:
                import shutil

                shutil.copy2(path, kept)


def _settle(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            sync_file(Path(root, name))
        sync_folder(Path(root))


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.aside-mlo")
