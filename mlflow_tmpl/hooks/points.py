"""The hooks that installed packages bring, found in a tenth of a millisecond where nothing was installed since."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

GROUP = "mlflow_tmpl.hooks"
"""Entry points of this group name classes, objects or modules with hooks."""

_METADATA = (".dist-info", ".egg-info")


class Point(NamedTuple):
    """An entry point.

    Attributes:
        name: of the entry point.
        value: ``package.module:Name``, or a module.
        package: that brings it.
    """

    name: str
    value: str
    package: str


def installed_points(cache: Path, folders: Sequence[str] | None = None) -> list[Point]:
    """Return the entry points of our group, by their names.

    `importlib.metadata` takes 40 ms to look; installing or removing a package changes its folder's time, which is
    looked at instead.

    Args:
        cache: a file that what was found is kept in.
        folders: where packages are installed; the import path unless given.
    """
    here = sys.path if folders is None else folders
    state = [[folder, changed] for folder in dict.fromkeys(here) if (changed := _changed_ns(folder))]
    try:
        known = json.loads(cache.read_bytes())
        if known["state"] == state:
            return [Point(*point) for point in known["points"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = {point.value: point for folder, _ in reversed(state) for point in _points_in(str(folder))}
    points = sorted(found.values())
    _keep(cache, {"state": state, "points": points})
    return points


def _changed_ns(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def _points_in(folder: str) -> Iterator[Point]:
    try:
        names = [name for name in os.listdir(folder or ".") if name.endswith(_METADATA)]
    except OSError:  # a zip: packages in it bring no hooks
        return
    for name in names:
        try:
            with open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError):
            continue
        if GROUP in text:
            yield from _points_of(text, name.partition("-")[0])


def _points_of(text: str, package: str) -> Iterator[Point]:
    from configparser import ConfigParser, Error

    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    try:
        parser.read_string(text)
    except Error:
        return
    if parser.has_section(GROUP):
        for name, value in parser.items(GROUP):
            yield Point(name, value.partition("[")[0].strip(), package)


def _keep(cache: Path, known: object) -> None:
    """Write the cache whole; without it the next run looks again."""
    begun = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        cache.parent.mkdir(exist_ok=True)
        begun.write_text(json.JSONEncoder().encode(known), encoding="utf-8")
        begun.replace(cache)
    except OSError:
        return
