"""Where the values of a run lie as files: in memory within a budget, past it on disk; and what dead runs left there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO

from mlflow_tmpl.errors import UsageError

MEMORY = Path("/dev/shm")
"""Files here lie in memory (Linux)."""

BUDGET = "MLO_MEMORY_BYTES"
"""Environment variable that says how much of what passes between processes may lie in memory."""

_SHARE = 0.5
"""Part of the memory that is free at the start of a run that its values may take, unless a budget is set."""

_MARK = "mlo-run-"
_OWNER = "owner"


class Folder:
    """A place in memory and one on disk, for one run.

    Whose driver was killed leaves them behind: the next run, of whatever project, removes them. A folder belongs to a
    living run as long as the lock on its file is held, which the system lets go of with the process.

    Args:
        budget: bytes that may lie in memory; half of what is free there unless given, here or by `BUDGET`.
        memory: where files lie in memory; ``None`` if there is no such place.
        disk: where the others go; the system's folder for temporary files unless given.
    """

    def __init__(
        self, budget: int | None = None, memory: Path | None = MEMORY, disk: Path | None = None
    ) -> None:
        budget = _said() if budget is None else budget
        disk = disk or Path(tempfile.gettempdir())
        has_memory = memory is not None and os.access(memory, os.W_OK) and memory.is_dir()
        self._owned: list[tuple[Path, IO[bytes]]] = []
        for place in {disk, memory} if has_memory and memory is not None else {disk}:
            _sweep(place)
        self.disk = self._make(disk)
        self.memory = self._make(memory) if has_memory and memory is not None and budget != 0 else ""
        self._budget = (
            int(_free(memory if has_memory and memory else disk) * _SHARE) if budget is None else budget
        )
        self._taken = 0
        self._lock = Lock()
        self.places = (self.memory, self.disk)

    @property
    def room(self) -> int:
        """How many more bytes may lie in memory."""
        return max(0, self._budget - self._taken)

    def take(self, size: int) -> None:
        """Count bytes that lie in memory; less than none for such as no longer do."""
        with self._lock:
            self._taken += size

    def remove(self) -> None:
        """Remove all of it; what a process still has mapped stays with that process."""
        while self._owned:
            folder, lock = self._owned.pop()
            lock.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _make(self, parent: Path) -> str:
        name = f"{os.getuid() if sys.platform != 'win32' else ''}-{os.getpid()}-{os.urandom(6).hex()}"
        made, folder = parent / f".{_MARK}{name}", parent / f"{_MARK}{name}"
        made.mkdir(mode=0o700)
        lock = (made / _OWNER).open("wb")
        _lock(lock)
        if (
            sys.platform == "win32"
        ):  # an open file keeps its folder from being renamed, and from being removed
            folder = made
        else:
            made.rename(folder)  # not seen by others before it is locked
        self._owned.append((folder, lock))
        return str(folder)


def _said() -> int | None:
    said = os.environ.get(BUDGET)
    if not said:
        return None
    if not said.isdecimal():
        raise UsageError(
            f"{BUDGET} must be a number of bytes, and is {said!r}", where=BUDGET, hint="0 keeps all on disk"
        )
    return int(said)


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _sweep(parent: Path) -> None:
    """Remove the folders of runs whose driver is no more."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if _MARK in entry.name and entry.name.lstrip(".").startswith(_MARK) and _is_ours(entry):
                _remove_dead(Path(entry.path))


def _is_ours(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        own = sys.platform == "win32" or entry.stat(follow_symlinks=False).st_uid == os.getuid()
        return (
            own
            and entry.is_dir(follow_symlinks=False)
            and not (sys.platform != "win32" and entry.name[0] == ".")
        )
    return False


def _remove_dead(folder: Path) -> None:
    try:
        if sys.platform == "win32":
            (folder / _OWNER).unlink(missing_ok=True)
        else:
            with (folder / _OWNER).open("rb") as lock:
                _lock(lock)
    except FileNotFoundError:
        pass  # it was being removed
    except OSError:
        return  # its run is alive
    shutil.rmtree(folder, ignore_errors=True)


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> None:
        """Do nothing: an open file cannot be removed here."""

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        """Lock a file until it is closed, or its process ends.

        Raises:
            OSError: another process, or this one, has it locked.
        """
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
