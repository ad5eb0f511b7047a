"""Datasets of Kedro: versions by its own rules, and fingerprints by content, which it has no notion of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.catalog.entry import Entry

CLASSES = "kedro_datasets."


def is_kedro(kind: type[Any]) -> bool:
    """Tell whether a class is one of `kedro_datasets`; its own subclasses elsewhere may do anything."""
    return kind.__module__.startswith(CLASSES)


def kedro_version(entry: Entry, kind: type[Any], version: str) -> Any:
    """Return what a versioned dataset of Kedro is made with.

    Raises:
        CatalogError: the class keeps no versions.
    """
    try:
        from kedro.io.core import AbstractVersionedDataset, Version
    except ImportError:
        versioned = False
    else:
        versioned = issubclass(kind, AbstractVersionedDataset)
    if not versioned:
        raise entry.error(
            f"cannot be versioned: {kind.__qualname__} keeps no versions",
            key="versioned",
            hint="formats of files and Kedro's versioned datasets do",
        )
    return Version(version or None, None)


@dataclass(frozen=True, slots=True)
class KedroDataset:
    """A dataset of `kedro_datasets`.

    Attributes:
        wrapped: the dataset.
        hash_file: gives the hash of a file's content.
    """

    wrapped: Any
    hash_file: Callable[[Path], str]

    def load(self) -> Any:
        """Load, of a versioned dataset what is the newest now and not what was when it was first asked."""
        self.wrapped.release()
        return self.wrapped.load()

    def save(self, data: Any) -> None:
        """Save, of a versioned dataset as a new version."""
        self.wrapped.release()
        self.wrapped.save(data)

    def exists(self) -> bool:
        """Ask the dataset."""
        self.wrapped.release()
        return bool(self.wrapped.exists())

    def fingerprint(self) -> str | None:
        """Return the hash of its file; ``None`` if it is anything else than one file on this machine."""
        self.wrapped.release()
        path = self._path()
        return self.hash_file(path) if path is not None and path.is_file() else None

    def _path(self) -> Path | None:
        if getattr(self.wrapped, "_protocol", "") not in {"file", "local"}:
            return None
        ask = getattr(self.wrapped, "_get_load_path", None)
        path = ask() if ask is not None else getattr(self.wrapped, "_filepath", None)
        return Path(path) if path else None
