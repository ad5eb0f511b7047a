"""A project's code on the way to workers that lack it."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field, replace
from importlib import invalidate_caches
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from types import ModuleType

    from mlflow_tmpl.engine.surroundings import Surroundings

_LEFT_OUT = frozenset({"__pycache__", ".git", ".mlo", ".venv", "node_modules"})


@dataclass(frozen=True, slots=True)
class Code:
    """One version of a project's code.

    Attributes:
        version: hash of all of its files.
        names: the packages and modules that it is made of.
        folder: where it lies for workers that see the driver's disk; empty for others.
        archive: all of it, zipped; empty where workers have it.
    """

    version: str
    names: frozenset[str]
    folder: str = ""
    archive: bytes = field(default=b"", repr=False)

    @property
    def project(self) -> str:
        """What it is called on a cluster, whatever its version."""
        return f"mlo-code-{digest(chr(10).join(sorted(self.names)).encode())[:16]}"

    def at(self, folder: str) -> Code:
        """Return the same, for workers that see the folder."""
        return replace(self, folder=folder)

    def packed(self, archive: bytes) -> Code:
        """Return the same with all of it, for workers that lack it."""
        return replace(self, archive=archive)

    def place(self) -> Path:
        """Return the folder that it is imported from in a worker, unpacked there if need be.

        Raises:
            ImportError: it was not sent, and is not here.
        """
        if self.folder:
            return Path(self.folder)
        folder = unpacked_code(self.version)
        if not folder.is_dir():
            if not self.archive:
                raise ImportError(f"the project's code {self.version[:12]} has not reached this worker")
            _unpack(self.archive, folder)
        return folder


def code_files(source: Path) -> list[tuple[str, Path]]:
    """Return the files of a source folder with their names in it, in order; what tools leave there is not code."""
    found = []
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(
            each for each in folders if each not in _LEFT_OUT and not each.endswith(".egg-info")
        )
        for file in sorted(files):
            path = Path(folder, file)
            if not file.endswith((".pyc", ".pyo")) and path.is_file():
                found.append((path.relative_to(source).as_posix(), path))
    return found


def code_of(source: Path) -> tuple[Code, bytes]:
    """Return the code of a source folder, and its archive."""
    buffer, contents = io.BytesIO(), []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in code_files(source):
            content = path.read_bytes()
            archive.writestr(zipfile.ZipInfo(name), content)
            contents.append(f"{name}\0{digest(content)}")
    names = {entry.partition("\0")[0].partition("/")[0].removesuffix(".py") for entry in contents}
    return Code(digest("\n".join(contents).encode()), frozenset(names)), buffer.getvalue()


def unpacked_code(version: str) -> Path:
    """Return where a version of some code lies on a worker's machine."""
    owner = os.getuid() if hasattr(os, "getuid") else "me"
    return Path(tempfile.gettempdir(), f"mlo-code-{owner}", version)


def _unpack(archive: bytes, folder: Path) -> None:
    """Put an archive in its folder at once: other workers of this machine may do the same."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = tempfile.mkdtemp(dir=folder.parent)
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        zipped.extractall(fresh)
    try:
        os.replace(fresh, folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not folder.is_dir():
            raise


class Imported:
    """The versions of code that this process has imported: a worker outlives edits of what it runs.

    The modules of one version are importable at a time; those of others wait aside.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._current: dict[frozenset[str], tuple[str, str]] = {}
        self._aside: dict[str, dict[str, ModuleType]] = {}

    def use(self, code: Code) -> None:
        """Have imports find a version."""
        with self._lock:
            before, folder = self._current.get(code.names, ("", ""))
            if before == code.version:
                return
            place = str(code.place())
            loaded = {
                name: each for name, each in sys.modules.items() if name.partition(".")[0] in code.names
            }
            self._aside[before] = loaded
            for name in loaded:
                del sys.modules[name]
            sys.modules.update(self._aside.pop(code.version, {}))
            sys.path[:] = [place, *[each for each in sys.path if each not in (place, folder)]]
            invalidate_caches()
            self._current[code.names] = code.version, place


def own_path(surroundings: Surroundings) -> tuple[str, ...]:
    """Return what workers of a given cluster import from beside what they have, should they see it.

    A project's code has a way of its own. Without a project it is what a script imports, and no installed package.
    """
    if surroundings.source is not None:
        return ()
    installed = (os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix))
    return tuple([each for each in sys.path if not os.path.realpath(each or ".").startswith(installed)])
