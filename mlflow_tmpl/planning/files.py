"""The files of the project that its code names: text constants that lead to one, alone or joined as parts of a path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def as_paths(texts: Iterable[str]) -> frozenset[str]:
    """Return text constants as relative paths in one notation; those that cannot be one are left out."""
    parted = (
        [part for part in text.replace("\\", "/").split("/") if part not in {"", "."}] for text in texts
    )
    return frozenset(["/".join(parts) for parts in parted if parts])


def named_files(paths: Iterable[str], starts: Collection[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the files that text constants name, each with the text that ends its path.

    A path is looked for in each of some folders, and in each folder that another text names: so
    ``Path("conf") / "words.txt"`` is found however its parts come together.

    Args:
        paths: constants of the code, as `as_paths` gives them; most are no paths at all.
        starts: folders that a path may start from.
    """
    by_first: dict[str, list[str]] = {}
    for text in paths:
        by_first.setdefault(text.partition("/")[0], []).append(text)
    roots = [os.path.join(start, "") for start in starts]
    seen: set[str] = set()
    named: set[tuple[str, str]] = set()
    waiting = [os.fspath(start) for start in starts]
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        for name in sorted(_listed(folder) & by_first.keys()):
            for text in by_first[name]:
                path = os.path.normpath(os.path.join(folder, text))
                if not path.startswith(tuple(roots)) or path in seen or (text, path) in named:
                    continue
                if os.path.isdir(path):
                    waiting.append(path)
                elif os.path.isfile(path):
                    named.add((text, path))
                    yield text, Path(path)


def _listed(folder: str) -> set[str]:
    """Return the names in a folder, and ``..``: listing it once is cheaper than asking for each text."""
    try:
        return {*os.listdir(folder), ".."}
    except OSError:
        return set()
