"""Remote files kept on this machine once they were read, by place and version."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.files import replacing
from mlflow_tmpl.catalog.temporaries import Leftovers
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest, digest_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CACHE_FOLDER = os.path.join(".mlo", "cache")

LARGEST_BYTES = 10 << 30
"""What all kept files may take together; beyond that, those go that were not read for longest."""


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of remote files.

    A file's name says its place, its version and the hash of its content: what was damaged is fetched again.

    Attributes:
        folder: where they are kept.
        largest_bytes: what they may take.
    """

    folder: Path
    largest_bytes: int = LARGEST_BYTES

    def path(self, url: str, version: str | None, fetch: Callable[[Path], None]) -> Path:
        """Return where a file's content is, fetched if it was not there.

        Args:
            url: where the file lies.
            version: what its store says of its content now; ``None`` makes it fetched every time.
            fetch: writes the content to a path.
        """
        name = url.partition("?")[0].rpartition("/")[2]
        start = f"{digest(url)[:16]}-{digest(version)[:16] if version else 'unversioned'}-"
        if version:
            for found in self.folder.glob(f"{start}*"):
                if found.name.startswith(start + digest_file(found)[:16]):
                    found.touch()
                    return found
                found.unlink(missing_ok=True)
        fresh = self.folder / f"{start}new-{name}"
        with replacing(fresh, Leftovers()) as temporary:
            fetch(temporary)
            kept = self.folder / f"{start}{digest_file(temporary)[:16]}-{name}"
        fresh.replace(kept)
        self._evict(kept)
        return kept

    def _evict(self, latest: Path) -> None:
        """Remove what was read longest ago, until the rest fits."""
        with suppress(OSError):  # another process may be doing the same
            ages = sorted(
                (path.stat().st_mtime_ns, path.stat().st_size, path) for path in self.folder.iterdir()
            )
            total = sum(size for _, size, _ in ages)
            for _, size, path in ages:
                if total <= self.largest_bytes:
                    break
                if path != latest:
                    path.unlink(missing_ok=True)
                    total -= size
