"""What a dataset has on this machine, as objects of a store: a file is one, a folder one for each file, and a tree."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeVar

from mlflow_tmpl.catalog.folder_places import LocalFolder
from mlflow_tmpl.catalog.trees import files_below
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import DamageError, StoreError, place
from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mlflow_tmpl.catalog.dataset import Dataset
    from mlflow_tmpl.store.store import Store


T = TypeVar("T")


class Content(Protocol):
    """Where the content of a dataset lies, and how it gets into a store and out."""

    @property
    def path(self) -> Path:
        """Where it is."""

    def size(self) -> int:
        """Return its bytes."""

    def objects(self, store: Store, fingerprint: str) -> Iterable[str] | None:
        """Return the objects that make up a content; ``None`` if the store does not know it."""

    def keep(self, store: Store, fingerprint: str) -> bool:
        """Keep the present content, which has just been fingerprinted; tell whether it is kept."""

    def restore(self, store: Store, fingerprint: str) -> bool:
        """Bring a content back, whole or not at all; tell whether it was there."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file: the object of its hash.

    Attributes:
        path: where it is.
        target: where a content is brought back to.
    """

    path: Path
    target: Path

    def size(self) -> int:
        """Return its bytes."""
        return self.path.stat().st_size

    def objects(self, store: Store, fingerprint: str) -> Iterable[str] | None:  # noqa: ARG002
        """Return the one object."""
        return (fingerprint,)

    def keep(self, store: Store, fingerprint: str) -> bool:
        """Keep the file."""
        return store.put_file(self.path, fingerprint)

    def restore(self, store: Store, fingerprint: str) -> bool:
        """Replace the file."""
        return store.restore(fingerprint, self.target)


@dataclass(frozen=True, slots=True)
class FolderContent:
    """A folder: a tree that lists its files, whose hash is the folder's fingerprint, and the objects of these.

    Attributes:
        folder: where it is.
    """

    folder: LocalFolder

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder.path

    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(path.stat().st_size for _, path in files_below(self.folder.path))

    def objects(self, store: Store, fingerprint: str) -> Iterable[str] | None:
        """Return the objects of the files that the tree lists."""
        return tree(store, fingerprint).values() if store.trees.has(fingerprint) else None

    def keep(self, store: Store, fingerprint: str) -> bool:
        """Keep all files, then the tree."""
        hash_file = self.folder.access.hash_file
        files = {name: (path, hash_file(path)) for name, path in files_below(self.folder.path)}
        text = tree_text({name: hashed for name, (_, hashed) in files.items()})
        if digest(text) != fingerprint:
            return False
        for path, hashed in files.values():
            if not store.put_file(path, hashed):
                return False
        store.trees.put_bytes(text.encode())
        return True

    def restore(self, store: Store, fingerprint: str) -> bool:
        """Replace the folder."""
        if not store.trees.has(fingerprint):
            return False
        listed = tree(store, fingerprint)
        if not all(map(store.has, listed.values())):
            return False
        with self.folder.writing() as fresh:
            for name, hashed in listed.items():
                if not store.restore(hashed, fresh / name):
                    raise DamageError(f"the object {hashed!r} of the store has gone", where=place(store.root))
        return True


def content_of(dataset: Dataset) -> Content | None:
    """Return what a dataset has on this machine, if that can be kept."""
    folder = getattr(getattr(dataset, "wrapped", None), "place", None)
    if isinstance(folder, LocalFolder):
        return FolderContent(folder)
    path: Path | None = getattr(dataset, "path", None)
    return FileContent(path, getattr(dataset, "target", path)) if path is not None else None


def with_trees(store: Store, known: Mapping[str, T], better: Callable[[T, T], T]) -> dict[str, T]:
    """Return what is known of contents for the files of folders as well.

    Args:
        store: knows the trees.
        known: hash to what is known.
        better: says what holds for a file that is in several folders, or also stands alone.
    """
    found = dict(known)
    for name, _, _ in store.trees.objects():
        if name in known:
            with suppress(StoreError):
                for part in tree(store, name).values():
                    found[part] = better(found[part], known[name]) if part in found else known[name]
    return found


def tree_text(files: dict[str, str]) -> str:
    """Return a tree that lists files by name and hash; its own hash is the fingerprint of such a folder.

    Example:
        >>> tree_text({"a.csv": "00ff"})
        '5:a.csv4:00ff'
    """
    return "".join(f"{len(part)}:{part}" for pair in files.items() for part in pair)


def tree(store: Store, fingerprint: str) -> dict[str, str]:
    """Return the files that a tree lists: name to hash.

    Raises:
        StoreError: it is not there, or damaged.
    """
    parts = _parts(store.trees.read(fingerprint).decode(errors="replace"))
    if parts is None or len(parts) % 2:
        raise DamageError(f"the object {fingerprint!r} of the store is no tree", where=place(store.root))
    listed = dict(zip(parts[::2], parts[1::2], strict=True))
    for name in listed:
        if not stays_below(name):
            raise DamageError(
                f"a tree of the store leads out of its folder: {name!r}", where=place(store.root)
            )
    return listed


_LENGTH = re.compile(r"(\d{1,9}):").match


def _parts(text: str) -> list[str] | None:
    """Return the texts that a text consists of, each with its length before it; ``None`` if it does not."""
    at, parts = 0, list[str]()
    while at < len(text):
        match = _LENGTH(text, at)
        end = match.end() + int(match[1]) if match else len(text) + 1
        if match is None or end > len(text):
            return None
        parts.append(text[match.end() : end])
        at = end
    return parts


def stays_below(name: str) -> bool:
    """Tell whether a name means a file below the folder it is in; one from elsewhere may mean anything."""
    path = PurePosixPath(name)
    foreign = sys.platform == "win32" and ("\\" in name or ":" in name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not foreign
