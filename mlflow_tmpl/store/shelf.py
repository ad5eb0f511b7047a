"""What past contents of datasets can be brought back, and what is kept of the present ones."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING

from mlflow_tmpl.store.store import Store

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
        if path_of(dataset) is None or not self.store.has(fingerprint):
            return Offer.NONE
        if self.is_trusted(fingerprint) or not may_run_code(dataset):
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
        path = path_of(dataset)
        if path is None or not fingerprint:
            return False
        if self._largest_bytes is not None and self.size(dataset) > self._largest_bytes:
            return False
        return self.store.put_file(path, fingerprint)

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
        path = path_of(dataset)
        return path.stat().st_size if path is not None else 0

    def restore(self, dataset: Dataset, fingerprint: str) -> bool:
        """Bring a content of a dataset back, whole or not at all; tell whether it was there.

        Raises:
            StoreError: it is damaged; it is set aside, and the dataset is untouched.
            OSError: it cannot be written.
        """
        path = getattr(dataset, "target", path_of(dataset))
        return path is not None and self.store.restore(fingerprint, path)


def path_of(dataset: Dataset) -> Path | None:
    """Return where on this machine a dataset lies, if it does."""
    found: Path | None = getattr(dataset, "path", None)
    return found


def may_run_code(dataset: Dataset) -> bool:
    """Tell whether loading may run what the file says: of a type that is not ours nobody knows."""
    form, arguments = getattr(dataset, "format", None), getattr(dataset, "load_args", {})
    return form is None or form.pickled or bool(arguments.get("allow_pickle"))
