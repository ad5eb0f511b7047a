"""Which hooks there are; those of installed packages are found in 0.1 ms where nothing was installed since."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mlflow_tmpl.hooks.calling import Hooks
    from mlflow_tmpl.settings import Settings

GROUP = "mlflow_tmpl.hooks"
"""Entry points of this group name classes, objects or modules with hooks."""

_METADATA = (".dist-info", ".egg-info")


@dataclass(frozen=True, slots=True)
class Point:
    """An entry point.

    Attributes:
        name: of the entry point.
        value: ``package.module:Name``, or a module.
        package: that brings it.
    """

    name: str
    value: str
    package: str


class NoHooks:
    """The hooks of a project that has none: nothing is imported, and nothing called."""

    def planned(self, *_: object) -> None:
        """Nobody is told."""

    opened = closed = planned

    def during(self, *_: object) -> AbstractContextManager[tuple[()]]:
        """Nobody listens."""
        return nullcontext(())


def hooks_of(
    root: Path,
    settings: Settings,
    name: str,
    cache: Path,
    loading: Callable[[], AbstractContextManager[object]],
) -> Hooks | NoHooks:
    """Return the hooks of a project: of installed packages, of `[tool.mlo] hooks`, and of its `hooks.py`.

    Args:
        root: the project's folder.
        settings: what `[tool.mlo]` says.
        name: of the project.
        cache: a file for what is known of installed packages.
        loading: makes the project's code importable while it lasts.
    """
    points = installed_points(cache)
    own = (root / settings.source / settings.package / "hooks.py").is_file()
    if not (points or settings.hooks or own):
        return NoHooks()
    from mlflow_tmpl.hooks.calling import Hooks

    return Hooks(root, settings, name, points, f"{settings.package}.hooks" if own else "", loading)


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
    points = sorted(found.values(), key=lambda point: (point.name, point.value))
    kept = [(point.name, point.value, point.package) for point in points]
    _keep(cache, {"state": state, "points": kept})
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
