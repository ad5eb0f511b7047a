"""Where configuration comes from: a folder, an archive, or either at a URL.

An archive is never unpacked: its YAML files are read into memory, within bounds, so that nothing of it can land
anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from mlflow_tmpl.config.yaml import MAX_BYTES, SUFFIXES, parse_yaml, read_yaml
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, place
from mlflow_tmpl.masking import MASK, mask_urls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlflow_tmpl.config.values import Value

    Parse = Callable[[bytes, str], Value]

SECRET = "credentials"
"""The kind of files of which nothing is written down elsewhere."""

MAX_ARCHIVE_BYTES = 100_000_000
"""Size of the largest archive, and of all files in one together."""

MAX_MEMBERS = 10_000

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class File(Protocol):
    """A YAML file."""

    @property
    def shown(self) -> str:
        """Return what origins and messages call it."""

    def read(self) -> Value:
        """Return what is in it."""


class Source(Protocol):
    """Layers of YAML files."""

    def layers(self) -> list[str]:
        """Return the names of the layers that are there."""

    def files(self, layer: str, stem: str) -> Sequence[File]:
        """Return the files of one kind in a layer: ``<stem>*.yml`` and all below ``<stem>/``, in a fixed order."""


@dataclass(frozen=True, slots=True)
class Local:
    """A YAML file of this machine.

    Attributes:
        path: of the file.
        parse: what parses it, if not `parse_yaml`.
    """

    path: Path
    parse: Parse | None = None

    @property
    def shown(self) -> str:
        """Return the path."""
        return os.fspath(self.path)

    def read(self) -> Value:
        """Return what is in it."""
        return read_yaml(self.path, self.parse)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, with a sub-folder a layer.

    Attributes:
        path: the folder.
        parse: what parses the files that may be written down elsewhere, if not `parse_yaml`.
    """

    path: Path
    parse: Parse | None = None

    def layers(self) -> list[str]:
        """Return the names of its sub-folders."""
        paths = self.path.iterdir() if self.path.is_dir() else ()
        return [path.name for path in paths if path.is_dir() and not path.name.startswith(".")]

    def files(self, layer: str, stem: str) -> Sequence[File]:
        """Return the files of one kind in a layer."""
        parse = None if stem == SECRET else self.parse
        return [Local(path, parse) for path in layer_files(self.path / layer, stem)]


@dataclass(frozen=True, slots=True)
class _Member:
    shown: str
    content: bytes

    def read(self) -> Value:
        return parse_yaml(self.content, self.shown)


class Archive:
    """Files in memory.

    Args:
        shown: what the archive is called.
        members: ``(path, content)`` of its YAML files.
    """

    def __init__(self, shown: str, members: Iterable[tuple[str, bytes]]) -> None:
        self._shown = shown
        found = {PurePosixPath(name): content for name, content in members}
        tops = {path.parts[0] for path in found}
        lowest = len(tops) == 1 and all(len(path.parts) > 2 for path in found)
        # Archives of a folder have the folder's own name above all others.
        self._members = {PurePosixPath(*p.parts[1:]) if lowest else p: c for p, c in found.items()}

    def layers(self) -> list[str]:
        """Return the names of the folders at its top."""
        return list(dict.fromkeys([path.parts[0] for path in self._members if len(path.parts) > 1]))

    def files(self, layer: str, stem: str) -> Sequence[File]:
        """Return the files of one kind in a layer."""
        found = [path for path in self._members if path.parts[0] == layer and _is_kind(path, stem)]
        return [_Member(f"{self._shown}/{path}", self._members[path]) for path in sorted(found)]


def _is_kind(path: PurePosixPath, stem: str) -> bool:
    inner = path.parts[1:]
    return (len(inner) == 1 and inner[0].startswith(stem)) or (len(inner) > 1 and inner[0] == stem)


def open_source(where: str | os.PathLike[str]) -> Source:
    """Return the configuration at a path or a URL: a folder, or an archive.

    Raises:
        ConfigError: there is none, or it is damaged, too large, or leads out of its place.
    """
    text = os.fspath(where)
    if _is_remote(text):
        return _remote(text)
    path = Path(text)
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        hint = "give --conf-source a folder, an archive, or a URL"
        raise ConfigError(f"there is no configuration at {text!r}", hint=hint)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_ARCHIVE_BYTES else b""
    except OSError as error:
        raise ConfigError(f"the archive cannot be read: {error.strerror}", where=place(path)) from error
    _check_size(size, text)
    return _archive(text, content)


def named_source(where: str | os.PathLike[str], root: Path) -> str:
    """Return how a source of configuration is recorded: from the project's root if it lies there, else from anywhere.

    Example:
        >>> named_source("https://host/conf.zip", Path())
        'https://host/conf.zip'
    """
    text = os.fspath(where)
    if _is_remote(text):
        return text
    path = Path(text).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def recorded_source(name: str, root: Path) -> str | None:
    """Return the source that was recorded, ``None`` if it was the project's own folder.

    Raises:
        ConfigError: a password was part of its URL, which nothing records.
    """
    if MASK in name:
        hint = "say it again with --conf-source"
        raise ConfigError(f"the configuration came from {name!r}, whose secret is not recorded", hint=hint)
    return (name if _is_remote(name) else str(root / name)) if name else None


def _is_remote(text: str) -> bool:
    return "://" in text or text.startswith("github:")


def _remote(url: str) -> Source:
    shown = mask_urls(url)
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
        if _suffix(path):
            with system.open(path, "rb") as file:
                content = file.read(MAX_ARCHIVE_BYTES + 1)
            members = None
        else:
            members = list(_remote_files(system, path, shown))
    except ConfigError:
        raise
    except Exception as error:
        told = mask_urls(" ".join(str(error).split())) or type(error).__name__
        raise ConfigError(f"configuration cannot be fetched: {told}", where=shown) from error
    if members is None:
        _check_size(len(content), shown)
        return _archive(shown, content)
    if not members:
        raise ConfigError("there is no configuration at this URL", where=shown, hint="it has no YAML files")
    return Archive(shown.rstrip("/"), members)


def _remote_files(system: Any, path: str, shown: str) -> Iterator[tuple[str, bytes]]:
    base, total = path.rstrip("/") + "/", 0
    for found in system.find(path):
        inner = found[len(base) :] if found.startswith(base) else found.lstrip("/")
        if _wanted(PurePosixPath(inner)):
            content = system.cat_file(found, end=MAX_BYTES + 1)
            total += len(content)
            _check_size(total, shown)
            yield inner, content


def _archive(shown: str, content: bytes) -> Archive:
    from mlflow_tmpl.config.archives import (  # few projects have their configuration in one
        UNREADABLE,
        members_of,
    )

    try:
        return Archive(shown, _bounded(members_of(content), shown))
    except UNREADABLE as error:
        hint = f"give a folder, or an archive: {', '.join(_ARCHIVES)}"
        problem = f"this is no archive that can be read: {str(error) or type(error).__name__}"
        raise ConfigError(problem, where=place(shown), hint=hint) from error


def _bounded(
    members: Iterable[tuple[str, Callable[[], bytes] | None]], shown: str
) -> Iterator[tuple[str, bytes]]:
    total = 0
    for count, (name, read) in enumerate(members):
        if count >= MAX_MEMBERS:
            raise ConfigError(f"the archive has more than {MAX_MEMBERS:,} files", where=place(shown))
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise ConfigError(f"member {name!r} leads out of the archive", where=place(shown))
        if not _wanted(path):
            continue
        if read is None:
            raise ConfigError(f"member {name!r} is a link, not a file", where=place(shown))
        content = read()
        total += len(content)
        _check_size(total, shown)
        yield path.as_posix(), content


def _wanted(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _check_size(size: int, shown: str) -> None:
    if size > MAX_ARCHIVE_BYTES:
        limit = f"{MAX_ARCHIVE_BYTES // 1_000_000} MB"
        raise ConfigError(f"configuration is larger than {limit}", where=place(shown))


def _suffix(path: str) -> str:
    return next((suffix for suffix in _ARCHIVES if path.lower().endswith(suffix)), "")


def layer_files(folder: Path, stem: str) -> tuple[Path, ...]:
    """Return the files of one kind in a layer: ``<stem>*.yml`` and all below ``<stem>/``, in a fixed order.

    Hidden files and folders are left out: they are what editors and notebooks leave behind.
    """
    found = _yaml_files(folder, stem)
    if (folder / stem).is_dir():
        for parent, folders, _ in os.walk(folder / stem, onerror=_refuse_folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += _yaml_files(Path(parent))
    return tuple(sorted(found, key=Path.as_posix))


def _yaml_files(folder: Path, stem: str = "") -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            wanted = [entry for entry in entries if entry.name.startswith(stem) and _is_yaml_file(entry)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        _refuse_folder(error)
    for entry in wanted:
        if not entry.is_file() and Path(entry).is_fifo():  # reading would wait for someone who writes to it
            raise ConfigError(
                "file is a pipe", where=place(entry.path), hint="write the configuration to a file"
            )
    return [folder / entry.name for entry in wanted]


def _is_yaml_file(entry: os.DirEntry[str]) -> bool:
    # "not a folder" and not "is a file": a link that leads nowhere has to be read to be complained about.
    suffix = os.path.splitext(entry.name)[1].lower()
    return suffix in SUFFIXES and not entry.name.startswith(".") and not entry.is_dir()


def _refuse_folder(error: OSError) -> NoReturn:
    reason = error.strerror or type(error).__name__
    raise ConfigError(f"folder cannot be read: {reason}", where=place(error.filename or "")) from error
