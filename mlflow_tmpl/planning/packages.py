"""Where modules come from: the project, whose source counts, or packages that others made, whose version counts."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from functools import lru_cache
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


def find_module(name: str) -> ModuleSpec | None:
    """Find a module without importing anything; ``None`` if there is none."""
    if name in sys.modules:
        return getattr(sys.modules[name], "__spec__", None)
    parent, _, _ = name.rpartition(".")
    try:
        if not parent:
            return importlib.util.find_spec(name)
        above = find_module(parent)
        if above is None or above.submodule_search_locations is None:
            return None
        return PathFinder.find_spec(name, list(above.submodule_search_locations))
    except (ImportError, ValueError, AttributeError):
        return None


def is_standard(spec: ModuleSpec) -> bool:
    """Tell whether a module comes with Python; a file of the project may have the name of one that does."""
    if spec.origin in {"built-in", "frozen"}:
        return True
    top = spec.name.partition(".")[0]
    return top in sys.stdlib_module_names and os.path.realpath(place_of(spec)).startswith(_standard_folders())


def is_installed(file: str) -> bool:
    """Tell a file that a package manager put there from one that its author may edit."""
    folders = os.path.realpath(file).split(os.sep)
    return (
        "site-packages" in folders
        or "dist-packages" in folders
        or os.path.realpath(file).startswith(_standard_folders())
    )


def place_of(spec: ModuleSpec) -> str:
    """Return a module's file; of a namespace package, which has none, its first folder."""
    if spec.has_location and spec.origin:
        return spec.origin
    return next(iter(spec.submodule_search_locations or ()), "")


@lru_cache(maxsize=1)
def _standard_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple(
        {os.path.join(os.path.realpath(paths[kind]), "") for kind in ("stdlib", "platstdlib")},
    )


def version_of(top: str) -> str | None:
    """Return the version of the package that a top-level name belongs to, ``None`` if it has none."""
    version = getattr(sys.modules.get(top), "__version__", None)
    return str(version) if version else _distribution_version(top)


def _distribution_version(top: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(top, [])
        return ",".join(f"{name} {metadata.version(name)}" for name in sorted(set(names))) or None
