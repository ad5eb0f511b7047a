"""What a process really runs: the source that a module was loaded from, not the file as it is by now."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.planning.packages import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LOADED_SOURCE = "__mlo_source__"
"""Attribute of a project module that holds the bytes it was loaded from: a file edited since is not what runs."""


def _started_at() -> float:
    """Return when this process began, in seconds since the epoch; where the system hides it, when mlo was imported."""
    try:
        ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
        boot = next(
            line
            for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()
            if line.startswith("btime")
        )
        return int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK") - 1
    except (OSError, ValueError, IndexError, StopIteration, AttributeError):
        return time.time()


_STARTED_AT = _started_at()


def remember_loaded_sources(modules: Iterable[Any]) -> None:
    """Keep with each project module the source that it was just loaded from, and the spec that tells a reload."""
    for module in modules:
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and LOADED_SOURCE not in vars(module) and not is_installed(file):
            try:
                vars(module)[LOADED_SOURCE] = (getattr(module, "__spec__", None), Path(file).read_bytes())
            except OSError:
                continue


def loaded_source(name: str) -> bytes | None:
    """Return the bytes that a module was loaded from, ``None`` if they are not known or it was reloaded since."""
    module = sys.modules.get(name)
    loaded = vars(module).get(LOADED_SOURCE) if module is not None else None
    return loaded[1] if loaded is not None and loaded[0] is getattr(module, "__spec__", None) else None


def was_edited_since(name: str, file: Path) -> bool:
    """Tell whether a module may have been loaded from something else than its file is now."""
    return name in sys.modules and file.stat().st_mtime > _STARTED_AT


@contextmanager
def distrusting_bytecode() -> Iterator[None]:
    """Import project modules from their sources where their bytecode may be older.

    Python compares a source's size and its time in whole seconds with what the bytecode notes. So an edit that keeps
    the size, in the second in which the bytecode was written or with its time set back, would run as it was before.
    """
    finder = _Distrust()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Distrust:
    """Finds nothing, but removes bytecode that is not surely younger than its source before others find it."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> None:
        """Look at a module that is about to be imported; those that come after find it."""
        own = [folder for folder in (sys.path if path is None else path) if not is_installed(folder or ".")]
        spec = PathFinder.find_spec(name, own, target) if own else None
        if spec is not None and spec.origin and spec.origin.endswith(".py"):
            drop_doubtful_bytecode(spec.origin)


def drop_doubtful_bytecode(file: str) -> None:
    """Remove a source's bytecode unless it was surely written after the last change of the source."""
    try:
        cached = importlib.util.cache_from_source(file)
        made, source = os.stat(cached), os.stat(file)
        if max(source.st_mtime_ns, source.st_ctime_ns) >= made.st_mtime_ns:
            os.unlink(cached)
    except (OSError, NotImplementedError):
        return
