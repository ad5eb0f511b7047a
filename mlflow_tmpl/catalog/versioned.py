"""Files that are never replaced: each save makes a version in a folder of the file's name.

The layout is Kedro's: version ``2024-01-31T09.15.00.123Z`` of ``data/model.pkl`` lies at
``data/model.pkl/2024-01-31T09.15.00.123Z/model.pkl``. The newest counts, unless another is asked for.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager, suppress
from dataclasses import field
from datetime import datetime, timedelta, timezone
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

from mlflow_tmpl.catalog.places import is_remote, local_path, place_of
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mlflow_tmpl.catalog.places import Access, Place
    from mlflow_tmpl.masking import Secret

T = TypeVar("T")

_VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z").fullmatch
_FORMAT = "%Y-%m-%dT%H.%M.%S.%fZ"
_TICK = timedelta(milliseconds=1)


def versioned_place(filepath: str, root: Path, access: Access, pinned: str = "") -> VersionedPlace:
    """Return the place of a file of which every version is kept.

    Args:
        filepath: as the entry has it.
        root: the folder that relative paths start from.
        access: what a place is opened with.
        pinned: the version that is read; the newest if empty.
    """
    filepath = filepath.replace("\\", "/").rstrip("/")
    remote = is_remote(filepath)
    shelf: Shelf = RemoteShelf(filepath, access.options) if remote else LocalShelf(local_path(filepath, root))

    def at(below: str) -> Place:
        return place_of(f"{filepath}/{below}" if below else filepath, root, access)

    return VersionedPlace(filepath.rpartition("/")[2], shelf, at, pinned)


def is_version(text: str) -> bool:
    """Tell whether a text names a version by its time.

    Example:
        >>> is_version("2024-01-31T09.15.00.123Z"), is_version("last")
        (True, False)
    """
    return _VERSION(text) is not None


def version_at(seconds: float) -> str:
    """Return the version of a moment, to the millisecond.

    Example:
        >>> version_at(0.25)
        '1970-01-01T00.00.00.250Z'
    """
    return _written(datetime.fromtimestamp(seconds, timezone.utc))


def version_after(newest: str, seconds: float) -> str:
    """Return the version of a moment, or of the millisecond after the newest where a clock went back.

    Example:
        >>> version_after("1970-01-01T00.00.09.000Z", 5.0)
        '1970-01-01T00.00.09.001Z'
    """
    now = version_at(seconds)
    if not newest or now > newest:
        return now
    return _written(datetime.strptime(newest, _FORMAT).replace(tzinfo=timezone.utc) + _TICK)


def _written(moment: datetime) -> str:
    return f"{moment.strftime('%Y-%m-%dT%H.%M.%S')}.{moment.microsecond // 1000:03}Z"


class Shelf(Protocol):
    """The folder that versions lie in."""

    @property
    def identity(self) -> str:
        """The same text for all ways of writing one place."""

    def names(self) -> list[str]:
        """Return what lies in the folder; empty if there is none."""

    def is_file(self) -> bool:
        """Tell whether a plain file is where the folder should be."""

    def claim(self, version: str) -> bool:
        """Make the folder of a version; ``False`` if somebody else has made it."""

    def discard(self, version: str) -> None:
        """Remove the folder of a version in which nothing was saved."""


@dataclass(frozen=True, slots=True)
class LocalShelf:
    """A folder on this machine.

    Attributes:
        folder: where it is; absolute.
    """

    folder: Path

    @property
    def identity(self) -> str:
        """The path with links followed, in one case where the system makes no difference."""
        return os.path.normcase(os.path.realpath(self.folder))

    def names(self) -> list[str]:
        """List the folder."""
        try:
            return os.listdir(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def is_file(self) -> bool:
        """Look."""
        return self.folder.is_file()

    def claim(self, version: str) -> bool:
        """Make the folder: of two who try, one succeeds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            (self.folder / version).mkdir()
        except FileExistsError:
            return False
        return True

    def discard(self, version: str) -> None:
        """Remove the folder if it is empty."""
        with suppress(OSError):
            (self.folder / version).rmdir()


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """A folder at a URL.

    Attributes:
        url: where it is.
        options: what the file system is opened with.
    """

    url: str = field(repr=False)
    options: Secret

    @property
    def identity(self) -> str:
        """The URL."""
        return self.url

    def names(self) -> list[str]:
        """List the folder, and not what was listed before."""
        system, path = self._connect()
        system.invalidate_cache(path)
        try:
            found = system.ls(path, detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [str(each).rstrip("/").rpartition("/")[2] for each in found]

    def is_file(self) -> bool:
        """Ask the file system."""
        system, path = self._connect()
        return bool(system.isfile(path))

    def claim(self, version: str) -> bool:  # noqa: ARG002
        """Leave it to the saving: an object store has no folders, and nobody else has this millisecond."""
        return True

    def discard(self, version: str) -> None:
        """Leave it: nothing was made."""

    def _connect(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(self.url, **self.options.reveal())
        return system, path


@dataclass(frozen=True, slots=True)
class VersionedPlace:
    """A file of which every version is kept.

    Attributes:
        name: the file's name.
        shelf: the folder of that name.
        at: gives the place of ``<version>/<name>`` below the folder.
        pinned: the version that is read; the newest if empty.
        clock: seconds since the epoch.
    """

    name: str
    shelf: Shelf
    at: Callable[[str], Place]
    pinned: str = ""
    clock: Callable[[], float] = time.time

    @property
    def path(self) -> Path | None:
        """The path of the version that is read; of the folder while there is none."""
        version = self.version()
        return self._place(version).path if version else self.at("").path

    @property
    def target(self) -> Path | None:
        """The path of a new version."""
        return self._place(self._next()).path

    @property
    def identity(self) -> str:
        """The folder."""
        return self.shelf.identity

    @property
    def protocol(self) -> str:
        """That of the folder."""
        return self.at("").protocol

    def patiently(self, call: Callable[[], T]) -> T:
        """Call as the place of a single file does."""
        return self.at("").patiently(call)

    def versions(self) -> Iterator[str]:
        """Yield the complete versions, the newest first."""
        for name in sorted(filter(is_version, self.shelf.names()), reverse=True):
            if self._place(name).exists():
                yield name

    def version(self) -> str:
        """Return the version that is read; empty if there is none."""
        if self.pinned:
            return self.pinned if self._place(self.pinned).exists() else ""
        return next(self.versions(), "")

    def reading(self) -> AbstractContextManager[Path | IO[bytes]]:
        """Give the version that is read."""
        return self._found().reading()

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Give a local path that becomes a new version when the block ends well."""
        version = self._next()
        while not self.shelf.claim(version):
            version = version_after(version, self.clock())
        try:
            with self._place(version).writing() as target:
                yield target
        except BaseException:
            self.shelf.discard(version)
            raise

    def exists(self) -> bool:
        """Tell whether there is the version that is read."""
        return bool(self.version())

    def fingerprint(self) -> str | None:
        """Return the hash of the version that is read: equal content is equal, whenever it was saved."""
        return self._found().fingerprint()

    def reading_problem(self) -> tuple[str, str]:
        """Return why there is nothing to load, with the nearest version."""
        version = self.version()
        if version:
            return self._place(version).reading_problem()
        if self.shelf.is_file():
            return "is a file, and versions lie in a folder", self._way_out()
        if not self.pinned:
            return "has no version yet", ""
        known = list(self.versions())
        newest = f"the newest is {known[0]!r}" if known else "there is none"
        return f"has no version {self.pinned!r}", did_you_mean(self.pinned, known) or newest

    def writing_problem(self) -> str:
        """Return why nothing can be saved there."""
        if self.shelf.is_file():
            return f"it is a file, and versions lie in a folder: {self._way_out()}"
        return self._place(version_at(self.clock())).writing_problem()

    def _next(self) -> str:
        newest = max(filter(is_version, self.shelf.names()), default="")
        return version_after(newest, self.clock())

    def _found(self) -> Place:
        version = self.version()
        if not version:
            raise FileNotFoundError(f"it {self.reading_problem()[0]}")
        return self._place(version)

    def _place(self, version: str) -> Place:
        return self.at(f"{version}/{self.name}")

    def _way_out(self) -> str:
        return f"move it to {self.name}/{version_at(self.clock())}/{self.name}, or leave out 'versioned'"
