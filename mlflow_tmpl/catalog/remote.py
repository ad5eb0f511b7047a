"""Files at a URL, through fsspec, which is imported when one is first touched."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mlflow_tmpl.catalog.temporaries import temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at a URL that fsspec understands.

    Attributes:
        url: where it is.
        options: what the file system is opened with, credentials among it.
    """

    url: str = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)

    @property
    def path(self) -> Path | None:
        """Nothing on this machine."""
        return None

    @property
    def identity(self) -> str:
        """The URL."""
        return self.url

    def reading(self) -> AbstractContextManager[Path | IO[bytes]]:
        """Open the file, so that a library fetches only the parts that it needs."""
        system, path = self._connect()
        return system.open(path, "rb")  # type: ignore[no-any-return]

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Give a local path, and upload it under a temporary key that then takes the place of the file.

        Nothing is sent before the local file is complete: a file that is being uploaded counts as complete
        when it is closed, also when a failure closes it.
        """
        system, path = self._connect()
        parent, _, name = path.rpartition("/")
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            local = Path(folder, name)
            yield local
            temporary = f"{parent}/{temporary_name(name)}"
            try:
                system.put_file(str(local), temporary)
                system.mv(temporary, path)
            except BaseException:
                with suppress(Exception):
                    system.rm_file(temporary)
                raise

    def exists(self) -> bool:
        """Ask the file system."""
        system, path = self._connect()
        return bool(system.exists(path))

    def fingerprint(self) -> str | None:
        """Return ``None``: not told yet without fetching the content."""
        return None

    def reading_problem(self) -> tuple[str, str]:
        """Ask whether the file is there."""
        return ("", "") if self.exists() else ("does not exist", "")

    def writing_problem(self) -> str:
        """Tell nothing: whether one may write shows when one does."""
        return ""

    def _connect(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(self.url, **self.options)
        return system, path
