"""Files at a URL, through fsspec, which is imported when one is first touched."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from mlflow_tmpl.catalog.fingerprints import VERSION, stat_of, version_of
from mlflow_tmpl.catalog.retries import retrying, status_of
from mlflow_tmpl.catalog.temporaries import temporary_name
from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_tmpl.catalog.fingerprints import Fingerprint
    from mlflow_tmpl.catalog.read_cache import Cache
    from mlflow_tmpl.masking import Secret

T = TypeVar("T")

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "r2"})
"""Where an upload shows as a whole or not at all; a move would be another copy and a removal."""

READ_ONLY = frozenset({"http", "https", "github", "zip", "tar", "data", "libarchive"})

_GONE = (404, 410)

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at a URL that fsspec understands.

    Attributes:
        url: where it is.
        options: what the file system is opened with: a mapping, credentials among it.
        how: what tells that it changed.
        cache: where it is kept once it is read; ``None`` reads from afar each time.
    """

    url: str = field(repr=False)
    options: Secret
    how: Fingerprint = VERSION
    cache: Cache | None = None

    @property
    def path(self) -> Path | None:
        """Nothing on this machine."""
        return None

    @property
    def target(self) -> Path | None:
        """Nothing on this machine."""
        return None

    @property
    def identity(self) -> str:
        """The URL."""
        return self.url

    @property
    def protocol(self) -> str:
        """What the URL begins with; of a chain, what stands before the last `://`."""
        return self.url.partition("://")[0].rpartition("::")[2]

    def patiently(self, call: Callable[[], T]) -> T:
        """Call again while the network fails."""
        try:
            return retrying(call, between=self._disconnect)
        except FileNotFoundError as error:
            status = status_of(error)
            if status in (None, *_GONE):
                raise
            # Of a page that a server refuses, fsspec says that it does not exist.
            raise ConnectionError(f"the server answered {status}") from error

    def reading(self) -> AbstractContextManager[Path | IO[bytes]]:
        """Open the file, so that a library fetches only the parts that it needs; or give the path of a kept copy."""
        system, path = self.connect()
        if self.cache is None:
            return system.open(path, "rb")  # type: ignore[no-any-return]
        version = version_of(system.info(path))
        return nullcontext(self.cache.path(self.url, version, lambda to: system.get_file(path, str(to))))

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Give a local path, and upload it when it is complete, so that the file changes at once or not at all.

        Nothing is sent before the local file is complete: a file that is being uploaded counts as complete
        when it is closed, also when a failure closes it.
        """
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            local = Path(folder, self.url.partition("?")[0].rpartition("/")[2])
            yield local
            self.patiently(lambda: self.upload(local))

    def upload(self, local: Path) -> None:
        """Put a local file there, so that whoever looks finds the old content or the new."""
        system, path = self.connect()
        if self.protocol in OBJECT_STORES:
            system.put_file(str(local), path)
            return
        parent, _, name = path.rpartition("/")
        system.makedirs(parent, exist_ok=True)
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
        return self.patiently(lambda: bool(_ask("exists", *self.connect())))

    def fingerprint(self) -> str | None:
        """Return what the store says of the content, or its hash where that is declared; ``None``: it says nothing."""
        if self.how == "content":
            return self.patiently(lambda: _hash(*self.connect()))
        info = self.patiently(lambda: _ask("info", *self.connect()))
        return version_of(info) or (stat_of(info) if self.how == "stat" else None)

    def reading_problem(self) -> tuple[str, str]:
        """Ask whether the file is there."""
        return ("", "") if self.exists() else ("does not exist", "")

    def writing_problem(self) -> str:
        """Tell what can only be read; for the rest, whether one may write shows when one does."""
        return f"{self.protocol} can only be read" if self.protocol in READ_ONLY else ""

    def connect(self) -> tuple[Any, str]:
        """Return the file system, with nothing that it remembers of folders, and the path there."""
        from fsspec.core import url_to_fs

        system, path = url_to_fs(self.url, **self.options.reveal())
        system.invalidate_cache()
        return system, path

    def _disconnect(self) -> None:
        """Have the next call connect anew: a connection that broke stays broken."""
        from fsspec import get_filesystem_class

        get_filesystem_class(self.protocol).clear_instance_cache()


def _ask(question: str, system: Any, path: str) -> Any:
    return getattr(system, question)(path)


def _hash(system: Any, path: str) -> str:
    from blake3 import blake3

    from mlflow_tmpl.hashing import DIGEST_BYTES

    hasher = blake3()
    with system.open(path, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            hasher.update(block)
    return hasher.hexdigest(length=DIGEST_BYTES)
