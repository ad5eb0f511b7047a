"""Temporary siblings of the files being written: their names, and what killed processes left of them."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Callable

STALE_S = 24 * 3600.0
"""Age at which a leftover counts as dead whoever wrote it: another machine's process ids say nothing here."""

LISTING_SHARE = 0.05
"""Largest share of the time that may go into listing a folder, so that 10,000 outputs in one stay linear."""

LONGEST_PART = 100
"""Longer stems and suffixes are replaced by their hash: a file name has 255 bytes on most systems."""

_LEFTOVER = re.compile(
    r"\..+\.(?P<pid>\d+)-(?P<host>[0-9a-f]{6})[0-9a-f]{8}\.mlo(\..*)?", re.DOTALL
).fullmatch


def temporary_name(name: str) -> str:
    """Return a hidden, unique name for what will become `name`.

    Its suffix stays at the end, because libraries tell format and compression by it; it carries the process
    and the machine, so that a later process can tell whether the writer still lives.
    """
    suffix = "".join(Path(name).suffixes[-2:])
    stem = name[: len(name) - len(suffix)]
    if len(stem.encode()) > LONGEST_PART:
        stem = digest(stem)
    if len(suffix.encode()) > LONGEST_PART:
        stem, suffix = digest(name), ""
    return f".{stem}.{os.getpid()}-{_host()}{os.urandom(4).hex()}.mlo{suffix}"


def is_temporary(name: str) -> bool:
    """Tell whether a file's name is one that `temporary_name` gives."""
    return ".mlo" in name and _LEFTOVER(name) is not None


def remove(path: Path) -> None:
    """Remove a temporary, whatever a library made of it; what cannot be removed is left for the next time."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        import shutil

        shutil.rmtree(path, ignore_errors=True)


@dataclass(slots=True)
class Leftovers:
    """Removes the temporaries that killed processes left in the folders it is shown.

    A folder is listed again only when that costs at most `LISTING_SHARE` of the time since the last listing.
    """

    clock: Callable[[], float] = time.monotonic
    _due: dict[str, float] = field(default_factory=dict)

    def sweep(self, folder: Path) -> None:
        """Remove what nobody is writing any more; a living process's temporaries stay."""
        start = self.clock()
        if start < self._due.get(str(folder), start):
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                if ".mlo" in entry.name and _is_dead(entry):
                    remove(Path(entry.path))
        now = self.clock()
        self._due[str(folder)] = now + (now - start) / LISTING_SHARE


def writer_is_dead(name: str) -> bool:
    """Tell of a temporary's name whether a process of this machine wrote it that is no more."""
    match = _LEFTOVER(name)
    return match is not None and match["host"] == _host() and not is_alive(int(match["pid"]))


def _is_dead(entry: os.DirEntry[str]) -> bool:
    if _LEFTOVER(entry.name) is None:
        return False
    if writer_is_dead(entry.name):
        return True
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE_S
    except OSError:
        return False


def _host() -> str:
    import platform

    return digest(platform.node())[:6]


if sys.platform == "win32":

    def is_alive(pid: int) -> bool:
        """Tell whether a process runs (``os.kill(pid, 0)`` would end it here)."""
        import ctypes

        query_limited_information, still_active = 0x1000, 259
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(query_limited_information, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return not known or code.value == still_active

else:

    def is_alive(pid: int) -> bool:
        """Tell whether a process runs, be it another user's."""
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (ProcessLookupError, OverflowError):
            return False
        return True
