"""A catalog as it travels to workers: what its entries say, and what they need; no dataset that was built."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.catalog import Catalog
from mlflow_tmpl.catalog.credentials import Vault
from mlflow_tmpl.catalog.entry import read_entry
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlflow_tmpl.catalog.dataset import Dataset
    from mlflow_tmpl.config.values import Value


@dataclass(frozen=True, slots=True)
class PortableCatalog:
    """Some datasets of a catalog, for workers of one run.

    It has secrets in the clear: it goes through a pipe or to a cluster, never to a file, and prints none of them.

    Attributes:
        root: the folder that relative paths start from.
        entries: dataset to what is said of it, interpolations resolved.
        objects: dataset to the object that the user gave for it.
        versions: dataset to the version that is loaded.
        places: dataset to the file that is loaded instead.
        validates: whether schemas are checked.
        credentials: name to credentials, of these datasets only.
        secrets: what has to be masked in what a worker says.
    """

    root: Path
    entries: Mapping[str, Value]
    objects: Mapping[str, Dataset]
    versions: Mapping[str, str]
    places: Mapping[str, Path]
    validates: bool
    credentials: Mapping[str, Any] = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)

    def open(self) -> Catalog:
        """Return a catalog of these datasets, which builds them when they are first used."""
        from mlflow_tmpl.config.values import Origin, located

        known = Secrets.of(self.secrets)
        written = located(dict(self.credentials), Origin("the run's driver"))
        vault = Vault(lambda: written, secrets=known)
        catalog = Catalog(self.entries, root=self.root, credentials=vault)
        return catalog.as_it_was(self.objects, self.versions, self.places, validates=self.validates)


def portable(catalog: Catalog, names: Iterable[str]) -> PortableCatalog:
    """Return some datasets of a catalog as they can travel.

    Args:
        catalog: has them.
        names: of datasets; what has no entry needs none.
    """
    entries, objects, credentials = {}, {}, {}
    for name in dict.fromkeys(names):
        known = catalog.given_object(name)
        if known is not None:
            objects[name] = known
            continue
        value = catalog.resolved(name)
        if value is None:
            continue
        entries[name] = value
        entry = read_entry(name, value)
        if entry.text("credentials"):
            with suppress(
                CatalogError
            ):  # of one that the run does not use: who does is told when it is built
                credentials[entry.text("credentials")] = catalog.vault.find(entry).reveal()
    versions, places, validates = catalog.reading
    return PortableCatalog(
        catalog.root,
        entries,
        objects,
        {name: version for name, version in versions.items() if name in entries},
        {name: place for name, place in places.items() if name in entries},
        validates,
        credentials,
        catalog.known_secrets.reveal(),
    )
