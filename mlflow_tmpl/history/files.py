"""Which files of a project are its own: code and configuration, but no data and no secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlflow_tmpl.settings import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mlflow_tmpl.settings import Settings

LARGEST_BYTES = 1 << 20
"""What is larger is data that lies beside the code."""

MOST_FILES = 5_000

_NOT_OURS = frozenset({"__pycache__", ".mlo", ".git", ".venv", "node_modules", ".ipynb_checkpoints"})
_LOCAL = "local"
"""The layer of the configuration that belongs to one machine, and where credentials are meant to lie."""


def own_files(root: Path, settings: Settings, named: Iterable[str] = ()) -> dict[str, Path]:
    """Return path, relative to the project and with slashes, to file, of what a run of the project depends on.

    Credentials are left out, and the whole layer of the configuration that is this machine's own.

    Args:
        root: the project's folder.
        settings: where its code and configuration lie.
        named: further files, relative to the root, that the code names.
    """
    source = root / settings.source if settings.source != "." else root / settings.package
    found = {FILE: root / FILE}
    for path in (*_below(source), *_configuration(root / settings.config)):
        found[path.relative_to(root).as_posix()] = path
    for name in named:
        if ".." not in name.split("/") and not os.path.isabs(name):
            found[name] = root / name
    return {name: path for name, path in sorted(found.items())[:MOST_FILES] if _is_text_size(path)}


def machine_files(root: Path, settings: Settings) -> dict[str, Path]:
    """Return the files of the configuration that `own_files` leaves out."""
    folder = root / settings.config
    found = [path for path in _below(folder) if _is_yaml(path) and _is_machines(path, folder)]
    return {path.relative_to(root).as_posix(): path for path in found}


def _configuration(folder: Path) -> Iterator[Path]:
    return (path for path in _below(folder) if _is_yaml(path) and not _is_machines(path, folder))


def _is_yaml(path: Path) -> bool:
    return path.suffix in {".yml", ".yaml"}


def _is_machines(path: Path, folder: Path) -> bool:
    return path.relative_to(folder).parts[0] == _LOCAL or path.name.startswith("credentials")


def _below(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(
            each for each in folders if each not in _NOT_OURS and not each.endswith(".egg-info")
        )
        for name in sorted(files):
            if not name.endswith((".pyc", ".so")) and ".mlo" not in name:
                yield type(folder)(where, name)


def _is_text_size(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= LARGEST_BYTES
    except OSError:
        return False
