"""Where the file of a dataset lies: on this machine, or at a URL."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeVar

from mlflow_tmpl.catalog.files import replacing, writing_problem
from mlflow_tmpl.catalog.fingerprints import VERSION
from mlflow_tmpl.catalog.trees import tree_fingerprint
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import did_you_mean
from mlflow_tmpl.masking import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.catalog.fingerprints import Fingerprint
    from mlflow_tmpl.catalog.read_cache import Cache
    from mlflow_tmpl.catalog.real_paths import RealPaths
    from mlflow_tmpl.catalog.temporaries import Leftovers

T = TypeVar("T")


class Place(Protocol):
    """Where a file lies, and how it is read and replaced there."""

    @property
    def path(self) -> Path | None:
        """The path on this machine, if it is one."""

    @property
    def target(self) -> Path | None:
        """The path that a save writes to, if it is on this machine."""

    @property
    def identity(self) -> str:
        """The same text for all ways of writing one place."""

    @property
    def protocol(self) -> str:
        """How it is reached: the beginning of a URL; empty on this machine."""

    def reading(self) -> AbstractContextManager[Path | IO[bytes]]:
        """Give a path, or an open file, to read from."""

    def writing(self) -> AbstractContextManager[Path]:
        """Give a local path to write to, which takes the file's place when the block ends well."""

    def patiently(self, call: Callable[[], T]) -> T:
        """Return what a call gives that reads or writes here, made again where failures may pass."""

    def exists(self) -> bool:
        """Tell whether there is a file."""

    def fingerprint(self) -> str | None:
        """Return the hash of the content, or ``None`` if it cannot be told without fetching it."""

    def reading_problem(self) -> tuple[str, str]:
        """Return why nothing can be loaded (``does not exist``) and a hint; both empty if it can."""

    def writing_problem(self) -> str:
        """Return why nothing can be saved there, or an empty string."""


@dataclass(frozen=True, slots=True)
class Access:
    """What places are reached with.

    Attributes:
        hash_file: gives the hash of a local file's content.
        leftovers: clears folders of what killed writers left.
        options: what a remote file system is opened with: a mapping, credentials among it.
        fingerprint: what tells that a remote file changed, one of `FINGERPRINTS`.
        cache: where remote files are kept once they are read; ``None`` keeps none.
    """

    hash_file: Callable[[Path], str]
    leftovers: Leftovers
    options: Secret = field(default_factory=lambda: Secret({}))
    fingerprint: Fingerprint = VERSION
    cache: Cache | None = None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine.

    Attributes:
        path: where it is; absolute.
        hash_file: gives the hash of its content.
        leftovers: clears its folder of what killed writers left.
    """

    path: Path
    hash_file: Callable[[Path], str]
    leftovers: Leftovers

    @property
    def target(self) -> Path:
        """The same path: the file is replaced."""
        return self.path

    @property
    def identity(self) -> str:
        """The path with links followed, in one case where the system makes no difference."""
        return self.identity_by(os.path.realpath)

    def identity_by(self, real: Callable[[Path], str]) -> str:
        """Return the same, links being followed by `real`."""
        return os.path.normcase(real(self.path))

    @property
    def protocol(self) -> str:
        """Nothing: it is here."""
        return ""

    def reading(self) -> AbstractContextManager[Path | IO[bytes]]:
        """Give the path: libraries read it faster than an open file."""
        return nullcontext(self.path)

    def writing(self) -> AbstractContextManager[Path]:
        """Give a temporary sibling that replaces the file."""
        return replacing(self.path, self.leftovers)

    def patiently(self, call: Callable[[], T]) -> T:
        """Call once: what a disk refuses, it refuses again."""
        return call()

    def exists(self) -> bool:
        """Tell whether there is a file; a folder is none."""
        return self.path.is_file()

    def fingerprint(self) -> str | None:
        """Return the hash of the content; of a folder, that of all files below it."""
        try:
            return self.hash_file(self.path)
        except OSError:  # on Windows a folder is not to be opened, elsewhere it is no file
            if self.path.is_dir():
                return tree_fingerprint(self.path, self.hash_file)
            raise

    def reading_problem(self) -> tuple[str, str]:
        """Return why there is nothing to load, with the nearest name in the folder."""
        if self.path.is_dir():
            return "is a folder, not a file", ""
        if self.path.exists():
            return "", ""
        try:
            beside = [other.name for other in self.path.parent.iterdir()]
        except OSError:
            return "does not exist", ""
        return "does not exist", did_you_mean(self.path.name, beside)

    def writing_problem(self, real: RealPaths | None = None) -> str:
        """Return why nothing can be saved there; `real` follows links, if there are many files."""
        return writing_problem(self.path, real)


def is_remote(filepath: str) -> bool:
    """Tell whether a filepath is a URL of somewhere else than this machine's files.

    Example:
        >>> is_remote("s3://bucket/x.csv"), is_remote("file:///tmp/x.csv"), is_remote("data/x.csv")
        (True, False, False)
    """
    return "://" in filepath and not filepath.startswith("file://")


def local_path(filepath: str, root: Path) -> Path:
    """Return the absolute path that an entry's filepath means in a project."""
    if filepath.startswith("file://"):
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        filepath = url2pathname(urlsplit(filepath).path)
    return Path(_whole(filepath, root))


def _whole(filepath: str, root: Path) -> str:
    return os.path.normpath(os.path.join(root.absolute(), os.path.expanduser(filepath)))


def shown_path(filepath: str, root: Path) -> str:
    """Return a filepath for messages and keys: with slashes, and relative to the project if it lies in it."""
    if is_remote(filepath):
        from mlflow_tmpl.masking import mask_urls

        return mask_urls(filepath)
    path = os.fspath(local_path(filepath, root)) if "://" in filepath else _whole(filepath, root)
    folder = os.path.join(os.path.normpath(root.absolute()), "")
    if os.path.normcase(path).startswith(os.path.normcase(folder)):
        return path[len(folder) :].replace(os.sep, "/")
    return "." if path == folder.rstrip(os.sep) else filepath.replace(os.sep, "/")


def place_of(filepath: str, root: Path, access: Access) -> Place:
    """Return the place that an entry's filepath means."""
    if is_remote(filepath):
        from mlflow_tmpl.catalog.remote import RemoteFile

        return RemoteFile(filepath, access.options, access.fingerprint, access.cache)
    return LocalFile(local_path(filepath, root), access.hash_file, access.leftovers)
