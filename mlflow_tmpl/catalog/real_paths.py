"""Paths with links followed, where many are asked for at once that lie in few folders."""

from __future__ import annotations

import os


class RealPaths:
    """Gives paths with links followed, and what their folders say, each folder asked once.

    It stands for one moment: whoever asks later again makes a new one.
    """

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._problems: dict[str, str] = {}

    def __call__(self, path: str | os.PathLike[str]) -> str:
        """Return what `os.path.realpath` does."""
        text = os.fspath(path)
        known = self._files.get(text)
        if known is None:
            known = self._files[text] = self._real(text)
        return known

    def _real(self, path: str) -> str:
        folder, name = os.path.split(path)
        if os.name == "nt" or name in {"", os.curdir, os.pardir}:  # Windows writes names in its own way
            return os.path.realpath(path)
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = os.path.realpath(folder)
        whole = os.path.join(known, name)
        return os.path.realpath(whole) if os.path.islink(whole) else whole

    def folder_problem(self, target: str) -> str:
        """Return why no file can be made at a real path whatever lies there, or an empty string."""
        folder = os.path.dirname(target)
        if folder not in self._problems:
            self._problems[folder] = _problem(folder)
        return self._problems[folder]


def _problem(folder: str) -> str:
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    name = os.path.basename(folder)
    if not os.path.isdir(folder):
        return f"{name} is a file, not a folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"folder {name} is not writable"
