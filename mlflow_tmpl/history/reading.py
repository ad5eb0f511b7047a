"""Past contents of datasets, opened from the store as the catalog would open the present one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import CatalogError, LedgerError
from mlflow_tmpl.ledger.database import FOLDER
from mlflow_tmpl.pipeline.names import base_name
from mlflow_tmpl.store.contents import content_of
from mlflow_tmpl.store.shelf import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.catalog import Catalog, Dataset
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.store import Shelf

NOW = "now"
"""How the content is called that lies there at present, whoever has put it there."""

_KEPT_S = 7 * 24 * 3600
"""How long a past content that was brought back to be read stays: tables that read lazily go on reading it."""


def find(ledger: Ledger, catalog: Catalog, name: str, version: str) -> str:
    """Return the fingerprint of a version of a dataset: ``now``, or as `Ledger.version`.

    Raises:
        LedgerError: there is no such version.
        CatalogError: there is no such dataset, or nothing lies there now.
    """
    if version != NOW:
        return ledger.version(base_name(name), version)
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
    return catalog.variant(places={name: path}, validate=False).load(name)


def past_place(
    home: Path, ledger: Ledger, catalog: Catalog, shelf: Shelf, name: str, version: str
) -> Path | None:
    """Return a path with a version of a dataset, brought from the store; ``None`` if it is what lies there now.

    What was not asked for since a week is removed.

    Raises:
        CatalogError: the dataset is kept in memory, or no file.
        LedgerError: there is no such version, or its content is not in the store.
        StoreError: what the store has is damaged; it is set aside.
    """
    if catalog.is_memory(name):
        raise CatalogError(
            f"dataset {name!r} is kept in memory, so no version of it can be read",
            where=catalog.where(name),
            hint="give it a filepath in the catalog",
        )
    fingerprint = find(ledger, catalog, name, version)
    dataset = catalog.dataset(name)
    content = content_of(dataset)
    if content is None:
        raise CatalogError(
            f"dataset {name!r} is no file on this machine, and no version of it is kept",
            where=catalog.where(name),
        )
    if dataset.exists() and dataset.fingerprint() == fingerprint:
        return None
    folder = home / FOLDER / "versions"
    _forget(folder)
    path = folder / fingerprint / content.path.name
    past = catalog.variant(places={name: path}).dataset(name)
    if not (past.exists() and past.fingerprint() == fingerprint):
        check_offer(shelf, past, name, fingerprint)
        if not shelf.restore(past, fingerprint):
            raise _not_there(name, fingerprint)
    os.utime(path.parent)
    return path


def _forget(folder: Path) -> None:
    oldest = time.time() - _KEPT_S
    for past in folder.iterdir() if folder.is_dir() else ():
        if past.stat().st_mtime < oldest:
            shutil.rmtree(past, ignore_errors=True)
