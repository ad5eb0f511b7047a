"""What past contents of datasets can be brought back, and what is kept of the present ones."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import StoreError
from mlflow_tmpl.store.contents import FolderContent, content_of
from mlflow_tmpl.store.store import Store, is_digest

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.catalog.dataset import Dataset

INPUT_BYTES = 256 << 20
"""Inputs that are larger are not copied: their history is their owner's."""


class Offer(Enum):
    """What a store can do for a content of a dataset.

    Attributes:
        NONE: it does not have it.
        READY: it can bring it back.
        UNTRUSTED: it was pulled, and loading it would run what it says.
    """

    NONE = "none"
    READY = "ready"
    UNTRUSTED = "untrusted"


class Shelf:
    """A store as a project's datasets see it.

    Args:
        store: the objects.
        trusted: whether what was pulled may be opened though loading it runs what it says.
        largest_bytes: what is larger is not kept; ``None`` for no limit.
    """

    def __init__(self, store: Store, *, trusted: bool = False, largest_bytes: int | None = None) -> None:
        self.store = store
        self._trusted = trusted
        self._largest_bytes = largest_bytes

    def offer(self, dataset: Dataset, fingerprint: str) -> Offer:
        """Return whether a content of a dataset can be brought back."""
        content = content_of(dataset)
        try:
            objects = content.objects(self.store, fingerprint) if content is not None else None
        except StoreError:
            return Offer.NONE
        if objects is None or not all(map(self.store.has, objects)):
            return Offer.NONE
        if all(map(self.is_trusted, objects)) or not may_run_code(dataset):
            return Offer.READY
        return Offer.UNTRUSTED

    def is_trusted(self, digest: str) -> bool:
        """Tell whether an object may be opened though loading it runs what it says."""
        return self._trusted or not self.store.is_foreign(digest)

    def keep(self, dataset: Dataset, fingerprint: str) -> bool:
        """Keep the present content of a dataset, which has just been fingerprinted; tell whether it is kept.

        Raises:
            OSError: it cannot be read, or the store not be written.
        """
        content = content_of(dataset)
        if content is None or not is_digest(fingerprint):
            return False
        if self._largest_bytes is not None and content.size() > self._largest_bytes:
            return False
        return content.keep(self.store, fingerprint)

    def has(self, dataset: Dataset, fingerprint: str) -> bool:
        """Tell whether a content of a dataset is kept, or cannot be."""
        content = content_of(dataset)
        if content is None or not is_digest(fingerprint):
            return True
        return (self.store.trees if isinstance(content, FolderContent) else self.store).has(fingerprint)

    def has_any(self, fingerprint: str) -> bool:
        """Tell whether a content is kept, be it of a file or of a folder."""
        return self.store.has(fingerprint) or self.store.trees.has(fingerprint)

    def keep_input(self, dataset: Dataset, fingerprint: str) -> bool:
        """Keep the content of a dataset that others write, unless it is large; tell whether it is kept.

        It is never kept under a second name: whoever writes it may do so in place.

        Raises:
            OSError: it cannot be read, or the store not be written.
        """
        path = path_of(dataset)
        limits = [limit for limit in (self._largest_bytes, INPUT_BYTES) if limit is not None]
        if path is None or not fingerprint or not path.is_file() or self.size(dataset) > min(limits):
            return False
        return Store(self.store.root, link_bytes=sys.maxsize).put_file(path, fingerprint)

    def size(self, dataset: Dataset) -> int:
        """Return the bytes of a dataset's present content.

        Raises:
            OSError: it is not there.
        """
        content = content_of(dataset)
        return content.size() if content is not None else 0

    def restore(self, dataset: Dataset, fingerprint: str) -> bool:
        """Bring a content of a dataset back, whole or not at all; tell whether it was there.

        Raises:
            StoreError: it is damaged; it is set aside, and the dataset is untouched.
            OSError: it cannot be written.
        """
        content = content_of(dataset)
        return content is not None and content.restore(self.store, fingerprint)


def path_of(dataset: Dataset) -> Path | None:
    """Return where on this machine a dataset lies, if it does."""
    found: Path | None = getattr(dataset, "path", None)
    return found


def may_run_code(dataset: Dataset) -> bool:
    """Tell whether loading may run what the file says: of a type that is not ours nobody knows."""
    inner = getattr(dataset, "wrapped", dataset)
    form, arguments = getattr(inner, "format", None), getattr(inner, "load_args", {})
    return form is None or form.pickled or bool(arguments.get("allow_pickle"))
