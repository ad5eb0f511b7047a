"""A store that others can reach too: files at a URL, each written once under a name that tells what it holds."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.catalog.remote import RemoteFile
from mlflow_tmpl.catalog.retries import retrying
from mlflow_tmpl.errors import MloError, StoreError
from mlflow_tmpl.masking import Secret, Secrets, mask_urls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_HINTS: Mapping[type[Exception], str] = {
    ImportError: "install the package that this kind of URL needs",
    ValueError: "give a folder, or a URL that fsspec knows: s3://, gs://, az://, sftp://",
    PermissionError: "[tool.mlo.store] credentials names those of conf/local/credentials.yml that open it",
}


class SharedStore:
    """Files below a URL.

    Nothing is ever written in the place of something else: two who write the same name write the same.

    Args:
        url: a folder, or any URL that fsspec understands.
        options: what the file system is opened with, credentials among it.

    Attributes:
        shown: the URL without secrets.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | Secret | None = None) -> None:
        self._url = url.rstrip("/")
        self._options = Secret(options or {})
        self._secrets = Secrets()
        self._secrets.add(self._options)
        self.shown = mask_urls(url)

    def __repr__(self) -> str:
        return f"<SharedStore {self.shown}>"

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder; none if there is no such folder.

        Raises:
            StoreError: the store cannot be reached.
        """
        with self._reaching("read"):
            return retrying(lambda: self._names(folder))

    def has(self, name: str) -> bool:
        """Tell whether there is a file.

        Raises:
            StoreError: the store cannot be reached.
        """
        with self._reaching("read"):
            return self._file(name).exists()

    def put(self, name: str, source: Path) -> None:
        """Put a file there, at once or not at all.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._reaching("written"):
            file = self._file(name)
            file.patiently(lambda: file.upload(source))

    def get(self, name: str, target: Path) -> bool:
        """Fetch a file, and tell whether it was there.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._reaching("read"):
            try:
                retrying(lambda: self._fetch(name, target))
            except FileNotFoundError:
                return False
            return True

    def _fetch(self, name: str, target: Path) -> None:
        system, root = self._open()
        system.get_file(f"{root}/{name}", str(target))

    def _names(self, folder: str) -> list[str]:
        system, root = self._open()
        system.invalidate_cache()
        try:
            found = system.ls(f"{root}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        return [path.rstrip("/").rpartition("/")[2] for path in found]

    def _file(self, name: str) -> RemoteFile:
        return RemoteFile(f"{self._url}/{name}", self._options)

    def _open(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        system, root = url_to_fs(self._url, **self._options.reveal())
        return system, root.rstrip("/")

    @contextmanager
    def _reaching(self, action: str) -> Iterator[None]:
        try:
            yield
        except (MloError, MemoryError):
            raise
        except Exception as error:
            hint = next((text for kind, text in _HINTS.items() if isinstance(error, kind)), "")
            problem = one_line(error, self._secrets.mask)
            raise StoreError(
                f"the shared store {self.shown!r} cannot be {action}: {problem}", hint=hint
            ) from error
