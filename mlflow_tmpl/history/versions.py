"""Versions of a dataset: listed, compared, brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, DataError, LedgerError, MloError, did_you_mean, place
from mlflow_tmpl.history.difference import Difference, difference, of_bytes
from mlflow_tmpl.history.reading import NOW, check_offer, find, load, opened
from mlflow_tmpl.ledger.events import RESTORE, version_subject
from mlflow_tmpl.pipeline.names import base_name
from mlflow_tmpl.store.contents import content_of

if TYPE_CHECKING:
    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.ledger.versions import VersionRecord
    from mlflow_tmpl.store import Shelf
    from mlflow_tmpl.store.contents import Content


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version, and where its content can be had.

    Attributes:
        record: what the ledger knows.
        stored: whether the store has its content.
        present: whether it is what lies there now.
    """

    record: VersionRecord
    stored: bool
    present: bool

    def to_json(self) -> dict[str, Any]:
        """Return the version as plain data."""
        return {**self.record.to_json(), "stored": self.stored, "present": self.present}


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions of a dataset, and what differs between them."""

    dataset: str
    before: str
    after: str
    difference: Difference

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {
            "dataset": self.dataset,
            "before": self.before,
            "after": self.after,
            **self.difference.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Restored:
    """A version that was brought back.

    Attributes:
        dataset: its name.
        fingerprint: of the content that lies there now.
        replaced: of the one that lay there before, empty if there was none.
        place: where it lies.
    """

    dataset: str
    fingerprint: str
    replaced: str
    place: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "dataset": self.dataset,
            "fingerprint": self.fingerprint,
            "replaced": self.replaced,
            "place": self.place,
        }


def history(ledger: Ledger, catalog: Catalog, shelf: Shelf, name: str) -> list[KnownVersion]:
    """Return every version of a dataset, the one that was made or taken last first.

    Raises:
        CatalogError: there is no such dataset.
    """
    records = ledger.versions(base_name(name))
    if not records and catalog.resolve(name).value is None:
        near = did_you_mean(
            name, [*catalog, *(row[0] for row in ledger.rows("SELECT DISTINCT dataset FROM version"))]
        )
        raise CatalogError(
            f"no run has made or taken a dataset {name!r}", hint=near or "mlo catalog list shows all"
        )
    now = ""
    if not catalog.is_memory(name) and catalog.exists(name):
        now = catalog.dataset(name).fingerprint() or ""
    return [
        KnownVersion(record, shelf.has_any(record.fingerprint), record.fingerprint == now)
        for record in records
    ]


def diff(ledger: Ledger, catalog: Catalog, shelf: Shelf, name: str, before: str, after: str) -> Compared:
    """Compare two versions of a dataset.

    Raises:
        MloError: one of them is not there, or cannot be read.
    """
    fingerprints = [find(ledger, catalog, name, version) for version in (before, after)]
    with (
        opened(catalog, shelf, name, fingerprints[0]) as one,
        opened(catalog, shelf, name, fingerprints[1]) as other,
    ):
        same = fingerprints[0] == fingerprints[1]
        found = None
        if one.is_file() and other.is_file():
            try:
                found = difference(load(catalog, name, one), load(catalog, name, other))
            except DataError:
                found = None  # a format that is only written: its bytes can be compared all the same
        sizes = [path.stat().st_size for path in (one, other)]
    found = found if found is not None else of_bytes(*sizes, same=same)
    return Compared(name, fingerprints[0], fingerprints[1], found)


def restore(ledger: Ledger, catalog: Catalog, shelf: Shelf, name: str, version: str) -> Restored:
    """Make a version of a dataset the present one; what lies there now is kept first.

    Raises:
        MloError: there is no such version, the store does not have it, or the present content cannot be kept.
    """
    if version == NOW:
        raise LedgerError(f"{name}:{NOW} is what lies there already", hint=f"mlo catalog history {name}")
    fingerprint = ledger.version(base_name(name), version)
    dataset = catalog.dataset(name)
    content = content_of(dataset)
    if content is None:
        raise CatalogError(
            f"dataset {name!r} is no file on this machine, so nothing can be put in its place",
            where=catalog.where(name),
        )
    now = (dataset.fingerprint() or "") if dataset.exists() else ""
    if now == fingerprint:
        return Restored(name, fingerprint, now, place(content.path))
    check_offer(shelf, dataset, name, fingerprint)
    if now:
        _keep(shelf, name, content, now)
        ledger.found(name, now, shelf.size(dataset), str(catalog.describe(name).get("filepath", "")))
    if not shelf.restore(dataset, fingerprint):
        raise LedgerError(f"{name}:{fingerprint[:10]} is not in the store")
    ledger.events.add(RESTORE, version_subject(name), "", fingerprint, f"instead of {now}" if now else "")
    return Restored(name, fingerprint, now, place(content.path))


def _keep(shelf: Shelf, name: str, content: Content, now: str) -> None:
    try:
        kept = content.keep(shelf.store, now)
    except (OSError, ValueError) as error:
        raise MloError(f"what dataset {name!r} holds now cannot be kept: {error}") from error
    if not kept:
        raise MloError(f"what dataset {name!r} holds now was changed meanwhile", hint="try again")
