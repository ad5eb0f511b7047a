"""Objects on this machine: files that are named by the hash of what they hold."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.files import replace, replacing
from mlflow_tmpl.catalog.temporaries import Leftovers, remove, temporary_name
from mlflow_tmpl.errors import DamageError, StoreError, place
from mlflow_tmpl.hashing import DIGEST_BYTES, Hasher, digest_file
from mlflow_tmpl.hashing import digest as hash_of
from mlflow_tmpl.store.cloning import LINK_BYTES, clone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Bytes = bytes | bytearray | memoryview

FOLDER = "store"
"""Where a project's store lies in its `.mlo`."""

AT_ONCE_BYTES = 256 << 10
"""A file up to this size goes through memory: that takes half as many calls of the system as copying it."""

_DIGEST = re.compile(rf"[0-9a-f]{{{2 * DIGEST_BYTES}}}").fullmatch


def is_digest(text: str) -> bool:
    """Tell whether a text can name an object: nothing else ever becomes part of a path."""
    return _DIGEST(text) is not None


class Store:
    """Contents by their hash.

    An object comes into being by a rename, complete or not at all, and is checked against its name whenever it
    goes out. One that does not hold what its name says is set aside, and is then no longer there.

    Args:
        root: the folder; made when the first object comes.
        link_bytes: size from which on a file may be kept by a second name instead of a copy.
    """

    def __init__(self, root: Path, link_bytes: int = LINK_BYTES) -> None:
        self.root = root
        self._objects = root / "objects"
        self._pulled = root / "pulled"
        self._temporaries = root / "temporary"
        self._aside = root / "damaged"
        self._link_bytes = link_bytes
        self._leftovers = Leftovers()

    @property
    def trees(self) -> Store:
        """The lists of files that folders consist of, apart from what these hold."""
        return Store(self.root / "trees", self._link_bytes)

    def put_file(self, path: Path, digest: str) -> bool:
        """Keep the content of a file that has just been hashed; nothing happens if it is there already.

        Returns:
            Whether it is there now: the file may have been changed since it was hashed.

        Raises:
            OSError: the file cannot be read, or the store not be written.
        """
        target = self._where(digest)
        if target.exists():
            return True
        with self._new(target) as temporary:
            size = path.stat().st_size
            if size <= AT_ONCE_BYTES:
                data = path.read_bytes()
                whole = hash_of(data) == digest and temporary.write_bytes(data) == len(data)
            else:
                clone(path, temporary, self._link_bytes)
                # A link is checked when it goes out: hashing a large file twice would cost what the link saves.
                whole = size >= self._link_bytes or digest_file(temporary) == digest
            if not whole:
                remove(temporary)
        self._pulled_at(digest).unlink(missing_ok=True)
        return target.exists()

    def put_bytes(self, data: Bytes | Iterable[Bytes]) -> str:
        """Keep some bytes, or the bytes of many pieces, and return their hash.

        Raises:
            OSError: the store cannot be written.
        """
        hasher = Hasher()
        temporary = self._temporary("bytes")
        try:
            with temporary.open("xb") as file:
                for piece in (data,) if isinstance(data, (bytes, bytearray, memoryview)) else data:
                    hasher.update(piece)
                    file.write(piece)
            self._settle(temporary, self._where(hasher.digest()))
            self._pulled_at(hasher.digest()).unlink(missing_ok=True)
        except BaseException:
            remove(temporary)
            raise
        return hasher.digest()

    def has(self, digest: str) -> bool:
        """Tell whether there is an object of that hash; what it holds is checked when it goes out."""
        if not is_digest(digest):
            return False
        inner = f"{os.sep}{digest[:2]}{os.sep}{digest[2:]}"
        return any(os.path.exists(f"{folder}{inner}") for folder in (self._objects, self._pulled))

    def path(self, digest: str) -> Path | None:
        """Return where an object lies, unchecked; ``None`` if there is none."""
        if not is_digest(digest):
            return None
        for path in (self._where(digest), self._pulled_at(digest)):
            if path.exists():
                return path
        return None

    def is_foreign(self, digest: str) -> bool:
        """Tell whether an object was only ever pulled from a shared store, and made by nobody here."""
        return self.has(digest) and not self._where(digest).exists()

    def verified(self, digest: str) -> Path:
        """Return where an object lies that holds what its name says.

        Raises:
            StoreError: it is not there, or it is damaged; it is then set aside.
        """
        path = self.path(digest)
        try:
            found = digest_file(path) if path else ""
        except FileNotFoundError:
            found = ""
        if path is None or not found:
            raise StoreError(f"the store has no object {digest!r}", where=place(self.root))
        if found != digest:
            raise self._damaged(digest)
        return path

    def read(self, digest: str) -> bytes:
        """Return what an object holds.

        Raises:
            StoreError: it is not there, or it is damaged; it is then set aside.
        """
        return self.verified(digest).read_bytes()

    def restore(self, digest: str, to: Path) -> bool:
        """Make a file hold what an object holds; tell whether there is such an object.

        Whoever reads the file at any moment finds the old content or the new.

        Raises:
            DamageError: the object is damaged; it is then set aside, and the file is untouched.
            OSError: the file cannot be written.
        """
        source = self.path(digest)
        if source is None:
            return False
        try:
            with replacing(to, self._leftovers) as temporary:
                clone(source, temporary, self._link_bytes)
                if digest_file(temporary) != digest:
                    raise self._damaged(digest)
        except FileNotFoundError:
            if source.exists():
                raise
            return False
        return True

    @contextmanager
    def receiving(self, digest: str) -> Iterator[Path]:
        """Give a path to write an object of a shared store to; it is one of this store's when the block ends well.

        Nothing happens if nothing is written.

        Raises:
            DamageError: what was written is not what the digest says.
        """
        with self._new(self._pulled_at(digest)) as temporary:
            yield temporary
            if temporary.exists() and digest_file(temporary) != digest:
                raise DamageError(
                    f"the object {digest!r} of the shared store is damaged",
                    hint="who made it can push it again once it is removed there",
                )

    def remove(self, digest: str) -> None:
        """Forget an object; one that is not there is forgotten already."""
        if is_digest(digest):
            self._where(digest).unlink(missing_ok=True)
            self._pulled_at(digest).unlink(missing_ok=True)

    def objects(self) -> Iterator[tuple[str, int, float]]:
        """Yield hash, bytes and time of each object."""
        for top in (self._objects, self._pulled):
            for folder in _listed(top):
                for entry in _listed(folder.path):
                    digest = folder.name + entry.name
                    if is_digest(digest) and (known := _stat(entry)) is not None:
                        yield digest, known.st_size, known.st_mtime

    def sweep(self) -> None:
        """Remove what killed processes left half written."""
        if self._temporaries.is_dir():
            Leftovers().sweep(self._temporaries)

    def count_damaged(self) -> int:
        """Return how many objects were set aside."""
        return len(_listed(self._aside))

    def aside(self, digest: str) -> Path:
        """Return where an object lies if it was damaged and set aside."""
        return self._aside / digest

    def set_aside(self, digest: str) -> Path:
        """Take an object out of the store without deleting it, and return where it went."""
        self._aside.mkdir(parents=True, exist_ok=True)
        aside, damaged = self.aside(digest), self.path(digest)
        if damaged is not None:
            replace(damaged, aside)
        return aside

    def _where(self, digest: str) -> Path:
        return _below(self._objects, digest)

    def _pulled_at(self, digest: str) -> Path:
        return _below(self._pulled, digest)

    @contextmanager
    def _new(self, target: Path) -> Iterator[Path]:
        """Give a path to write to, which becomes `target` when the block ends well."""
        temporary = self._temporary("object")
        try:
            yield temporary
            self._settle(temporary, target)
        except BaseException:
            remove(temporary)
            raise

    def _temporary(self, name: str) -> Path:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._temporaries.mkdir(exist_ok=True)
        return self._temporaries / temporary_name(name)

    def _settle(self, temporary: Path, target: Path) -> None:
        """Move a complete object to its place; one that its writer has given up is not there any more."""
        if target.exists() or not temporary.exists():
            remove(temporary)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        replace(temporary, target)

    def _damaged(self, digest: str) -> DamageError:
        aside = place(self.set_aside(digest))
        return DamageError(
            f"the object {digest!r} of the store is damaged",
            where=place(self._where(digest)),
            hint=f"it is set aside as {aside}; what it was kept for is made again when it is needed",
        )


def _below(folder: Path, digest: str) -> Path:
    if not is_digest(digest):
        raise ValueError(f"{digest!r} is no digest")
    return folder / digest[:2] / digest[2:]


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except FileNotFoundError:
        return None


def _listed(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
