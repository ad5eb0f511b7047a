"""Folders at a URL, whose files change all at once for whoever reads them through here.

No store replaces a folder in one step. So new files are sent to a hidden folder inside, then one small file, the commit
record, says what they replace; only then are they moved to their names. As long as the record is there, readers look
where it says, and the next writer finishes what a killed one began: a redo log (Gray and Reuter, 1993).
"""

from __future__ import annotations

import json
import posixpath
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import asdict, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.fingerprints import stat_of, version_of
from mlflow_tmpl.catalog.remote import OBJECT_STORES, RemoteFile
from mlflow_tmpl.catalog.temporaries import temporary_name, writer_is_dead
from mlflow_tmpl.catalog.trees import files_below
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.catalog.places import Access, Place

RECORD = ".mlo-commit.json"


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit record says.

    Attributes:
        staged: the hidden folder that has the new files.
        put: their relative paths.
        gone: relative paths of old files that are no more.
    """

    staged: str
    put: Sequence[str]
    gone: Sequence[str]


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder at a URL that fsspec understands.

    Attributes:
        url: where it is, without a slash at the end.
        access: what its files are reached with.
    """

    url: str = field(repr=False)
    access: Access = field(repr=False)

    @property
    def identity(self) -> str:
        """The URL."""
        return self.url

    def files(self) -> Mapping[str, Place]:
        """Return the files, of an unfinished commit the new ones."""
        return self._root.patiently(lambda: {name: self._file(where) for name, where, _ in self._listed()})

    @contextmanager
    def writing(self, *, keep: bool = False) -> Iterator[Path]:
        """Give a local folder; when it is filled, send it, commit, and move the files to their names."""
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            local = Path(folder)
            yield local
            self._root.patiently(lambda: self._replace(local, keep=keep))

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; a store has no folders."""
        system, path = self._root.connect()
        for name in names:
            with suppress(FileNotFoundError):
                system.rm_file(f"{path}/{name}")

    def exists(self) -> bool:
        """Ask whether there is any file."""
        return bool(self.files())

    def fingerprint(self) -> str | None:
        """Return the hash of names and versions; ``None`` if the store tells no versions."""
        found = {name: place.fingerprint() for name, place in self.files().items()} if self._reads else {}
        if not self._reads:
            listed = self._root.patiently(self._listed)
            found = {name: self._version(info) for name, _, info in listed}
        if None in found.values():
            return None
        return digest_parts(part for name, version in found.items() for part in (name, version or ""))

    def written(self, folder: Path) -> str | None:  # noqa: ARG002  (the protocol's signature)
        """Return ``None``: versions are the store's to give."""
        return None

    def writing_problem(self) -> str:
        """Tell what can only be read."""
        return self._root.writing_problem()

    @property
    def _root(self) -> RemoteFile:
        return RemoteFile(self.url, self.access.options)

    @property
    def _reads(self) -> bool:
        return self.access.fingerprint == "content"

    def _file(self, name: str) -> RemoteFile:
        return RemoteFile(
            f"{self.url}/{name}", self.access.options, self.access.fingerprint, self.access.cache
        )

    def _version(self, info: Mapping[str, Any]) -> str | None:
        return version_of(info) or (stat_of(info) if self.access.fingerprint == "stat" else None)

    def _listed(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Return ``(name, where it lies now, what the store says of it)`` of each file that is data."""
        system, path = self._root.connect()
        found = _found(system, path)
        now = {name: name for name in found if not _is_hidden(name)}
        if RECORD in found:
            commit = _record(system, path)
            if commit is None:
                return self._listed()  # finished by its writer meanwhile
            now = {name: where for name, where in now.items() if name not in set(commit.gone)}
            staged = {name: f"{commit.staged}/{name}" for name in commit.put}
            now.update({name: where if where in found else name for name, where in staged.items()})
        return [(name, where, found[where]) for name, where in sorted(now.items())]

    def _replace(self, local: Path, *, keep: bool) -> None:
        system, path = self._root.connect()
        self._finish(system, path)
        old = _found(system, path)
        for left in {name.partition("/")[0] for name in old}:
            if writer_is_dead(left):
                system.rm(f"{path}/{left}", recursive=True)
        new = dict(files_below(local))
        gone = () if keep else [name for name in old if not _is_hidden(name) and name not in new]
        commit = Commit(temporary_name("new"), list(new), gone)
        for name, file in new.items():
            _make_parent(system, f"{path}/{commit.staged}/{name}")
            system.put_file(str(file), f"{path}/{commit.staged}/{name}")
        with self._file(RECORD).writing() as record:
            record.write_text(json.dumps(asdict(commit)), encoding="utf-8")
        self._finish(system, path)

    def _finish(self, system: Any, path: str) -> None:
        """Do what the record of a commit says, from wherever an earlier writer left it."""
        commit = _record(system, path)
        if commit is None:
            return
        move = system.cp_file if self._root.protocol in OBJECT_STORES else system.mv
        for name in commit.put:
            _make_parent(system, f"{path}/{name}")
            with suppress(FileNotFoundError):  # moved before
                move(f"{path}/{commit.staged}/{name}", f"{path}/{name}")
        for name in (*commit.gone, RECORD):
            with suppress(FileNotFoundError):
                system.rm_file(f"{path}/{name}")
        with suppress(FileNotFoundError):
            system.rm(f"{path}/{commit.staged}", recursive=True)


def _found(system: Any, path: str) -> dict[str, Mapping[str, Any]]:
    """Return all files below a path by their relative names, hidden ones too."""
    system.invalidate_cache()
    try:
        return {name[len(path) :].lstrip("/"): info for name, info in system.find(path, detail=True).items()}
    except FileNotFoundError:
        return {}


def _record(system: Any, path: str) -> Commit | None:
    system.invalidate_cache()
    try:
        return Commit(**json.loads(system.cat_file(f"{path}/{RECORD}")))
    except FileNotFoundError:
        return None


def _make_parent(system: Any, path: str) -> None:
    system.makedirs(posixpath.dirname(path), exist_ok=True)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
