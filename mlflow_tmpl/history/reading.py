"""Past contents of datasets, opened from the store as the catalog would open the present one."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.errors import CatalogError, LedgerError
from mlflow_tmpl.store.shelf import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.catalog import Dataset
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.store import Shelf

NOW = "now"
"""How the content is called that lies there at present, whoever has put it there."""

_OF_THE_PLACE = ("versioned", "credentials", "schema", "cache", "fingerprint")
"""Settings of an entry that say something of where the present content lies, or of what it has to be."""


def find(ledger: Ledger, catalog: Catalog, name: str, version: str) -> str:
    """Return the fingerprint of a version of a dataset: ``now``, or as `Ledger.version`.

    Raises:
        LedgerError: there is no such version.
        CatalogError: there is no such dataset, or nothing lies there now.
    """
    if version != NOW:
        return ledger.version(name, version)
    if catalog.is_memory(name):
        raise CatalogError(f"dataset {name!r} is kept in memory only, so there is nothing of it now")
    if not catalog.exists(name):
        raise CatalogError(f"dataset {name!r} does not exist now", where=catalog.where(name))
    return catalog.dataset(name).fingerprint() or ""


@contextmanager
def opened(catalog: Catalog, shelf: Shelf, name: str, fingerprint: str) -> Iterator[Path]:
    """Give the path of a file that has a content of a dataset, to read from.

    Raises:
        LedgerError: it is neither there now nor in the store.
        StoreError: what the store has is damaged; it is set aside.
    """
    dataset = catalog.dataset(name)
    path: Path | None = getattr(dataset, "path", None)
    if path is not None and dataset.exists() and dataset.fingerprint() == fingerprint:
        yield path
        return
    check_offer(shelf, dataset, name, fingerprint)
    folder = Path(tempfile.mkdtemp(prefix="mlo-"))
    try:
        copy = folder / (path.name if path is not None else "content")
        if not shelf.store.restore(fingerprint, copy):
            raise _not_there(name, fingerprint)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_offer(shelf: Shelf, dataset: Dataset, name: str, fingerprint: str) -> None:
    """Refuse a content that the store does not have, or that must not be opened.

    Raises:
        LedgerError: either of them.
    """
    offer = shelf.offer(dataset, fingerprint)
    if offer is Offer.UNTRUSTED:
        raise LedgerError(
            f"{name}:{fingerprint[:10]} was pulled from a shared store, and loading it would run what it says",
            hint="set trusted = true in [tool.mlo.store] if you trust who pushes there",
        )
    if offer is Offer.NONE:
        raise _not_there(name, fingerprint)


def _not_there(name: str, fingerprint: str) -> LedgerError:
    return LedgerError(
        f"{name}:{fingerprint[:10]} is not in the store",
        hint=f"mlo catalog history {name} shows which versions are",
    )


def load(catalog: Catalog, name: str, path: Path) -> Any:
    """Return what the dataset would load if this were its file.

    Raises:
        DataError: it cannot be loaded.
    """
    value = catalog.resolve(name).value
    written = value.plain() if value is not None else {}
    settings = dict(written) if isinstance(written, dict) else {}
    plain = {key: setting for key, setting in settings.items() if key not in _OF_THE_PLACE}
    return Catalog.of({name: {**plain, "filepath": os.fspath(path)}}, root=catalog.root).load(name)
