"""Where a folder of files lies: on this machine, or at a URL."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from mlflow_tmpl.catalog.files import writing_problem
from mlflow_tmpl.catalog.folders import keep_others, recover, replacing_folder
from mlflow_tmpl.catalog.places import Access, LocalFile, Place, is_remote, local_path
from mlflow_tmpl.catalog.trees import files_below, tree_fingerprint
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class FolderPlace(Protocol):
    """Where a folder lies, and how its files are read and replaced there, all at once."""

    @property
    def identity(self) -> str:
        """The same text for all ways of writing one place."""

    def files(self) -> Mapping[str, Place]:
        """Return the files that are data by their relative paths, in order."""

    def writing(self, *, keep: bool = False) -> AbstractContextManager[Path]:
        """Give an empty local folder to fill, which takes the place of this one when the block ends well.

        Args:
            keep: whether old files stay that no new one replaces.
        """

    def remove(self, names: Iterable[str]) -> None:
        """Remove files by their relative paths; a folder that is not there is made."""

    def exists(self) -> bool:
        """Tell whether there is such a folder."""

    def fingerprint(self) -> str | None:
        """Return the hash of names and contents, or ``None`` if it cannot be told without fetching them."""

    def written(self, folder: Path) -> str | None:
        """Return the fingerprint that a filled local folder will have here, if that can be told."""

    def writing_problem(self) -> str:
        """Return why nothing can be saved there, or an empty string."""


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder on this machine.

    Attributes:
        path: where it is; absolute.
        access: what its files are reached with.
    """

    path: Path
    access: Access

    @property
    def identity(self) -> str:
        """The path with links followed, in one case where the system makes no difference."""
        return os.path.normcase(os.path.realpath(self.path))

    def files(self) -> Mapping[str, Place]:
        """Return the files, after what a killed writer set aside is back."""
        recover(self.path)
        return {
            name: LocalFile(path, self.access.hash_file, self.access.leftovers)
            for name, path in (files_below(self.path) if self.path.is_dir() else ())
        }

    @contextmanager
    def writing(self, *, keep: bool = False) -> Iterator[Path]:
        """Give a hidden sibling that changes places with the folder."""
        with replacing_folder(self.path, self.access.leftovers) as fresh:
            yield fresh
            if keep:
                keep_others(self.path, fresh)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and the folders that are empty then."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = self.path / name
            file.unlink(missing_ok=True)
            for folder in file.relative_to(self.path).parents:
                with suppress(OSError):  # it has other files
                    if folder.parts:
                        (self.path / folder).rmdir()

    def exists(self) -> bool:
        """Tell whether there is a folder."""
        recover(self.path)
        return self.path.is_dir()

    def fingerprint(self) -> str | None:
        """Return the hash of names and contents."""
        recover(self.path)
        return tree_fingerprint(self.path, self.access.hash_file)

    def written(self, folder: Path) -> str | None:
        """Return the hash of names and contents of what will be moved here."""
        return tree_fingerprint(folder, digest_file)

    def writing_problem(self) -> str:
        """Return why nothing can be saved there."""
        if self.path.exists() and not self.path.is_dir():
            return "it is a file, not a folder"
        return writing_problem(self.path / "x")


def folder_place_of(filepath: str, root: Path, access: Access) -> FolderPlace:
    """Return the place that an entry's filepath means, taken as a folder."""
    if is_remote(filepath):
        from mlflow_tmpl.catalog.remote_folder import RemoteFolder

        return RemoteFolder(filepath.rstrip("/"), access)
    return LocalFolder(local_path(filepath, root), access)
