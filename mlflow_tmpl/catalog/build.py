"""From an entry to a dataset: the only place where an entry's type is imported."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.credentials import Vault
from mlflow_tmpl.catalog.dataset import Adapted, Dataset, Memory, require_load_and_save
from mlflow_tmpl.catalog.datasets import LIBRARIES, Format
from mlflow_tmpl.catalog.datasets.calls import function
from mlflow_tmpl.catalog.datasets.context import Context
from mlflow_tmpl.catalog.entry import (
    Entry,
    check_entry,
    check_file_entry,
    check_name,
    describe_entry,
    unknown_type,
)
from mlflow_tmpl.catalog.extras import require_package
from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.catalog.file_dataset import FileDataset
from mlflow_tmpl.catalog.fingerprints import VERSION
from mlflow_tmpl.catalog.kedro import KedroDataset, is_kedro, kedro_version
from mlflow_tmpl.catalog.places import Access, is_remote, local_path, place_of, shown_path
from mlflow_tmpl.catalog.read_cache import CACHE_FOLDER, Cache
from mlflow_tmpl.catalog.secrets import passwords_in
from mlflow_tmpl.catalog.temporaries import Leftovers
from mlflow_tmpl.catalog.types import find_type
from mlflow_tmpl.catalog.versioned import versioned_place
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog.datasets import Source
    from mlflow_tmpl.catalog.places import Place
    from mlflow_tmpl.masking import Secret, Secrets


_ACCESS_KEYS = ("cache", "fingerprint")
"""Keys of a source that say how its files are reached."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes datasets of entries.

    Attributes:
        root: the folder that relative paths start from.
        hash_file: gives the hash of a file's content.
        vault: gives credentials; asked only for an entry that names some.
    """

    root: Path
    hash_file: Callable[[Path], str]
    vault: Vault = field(default_factory=Vault)
    leftovers: Leftovers = field(default_factory=Leftovers)

    def build(self, entry: Entry, version: str = "") -> Dataset:
        """Return the dataset of an entry.

        Args:
            entry: what is written of it.
            version: the one that is loaded, of a versioned dataset; the newest if empty.

        Raises:
            CatalogError: the entry is wrong, its type cannot be imported, or credentials are missing.
        """
        check_name(entry.name, entry.origin)
        check_entry(entry)
        if entry.is_memory:
            return Memory(entry.name, entry.text("copy") or None)  # type: ignore[arg-type]  # checked above
        if LIBRARIES.get(entry.type_name) and entry.format is None:
            raise unknown_type(entry)
        if entry.format is not None:
            return self._file(entry, entry.format, version)
        if entry.source is not None:
            return self._source(entry, entry.source)
        found = find_type(entry)
        if isinstance(found, Format):
            check_file_entry(entry)
            return self._file(entry, found, version)
        return self._other(entry, found, version)

    def _file(self, entry: Entry, form: Format, version: str) -> FileDataset:
        filepath = entry.text("filepath")
        options = self.vault.find(entry)
        access = self._access(entry, options, cached=form.local)
        return FileDataset(
            name=entry.name,
            format=form,
            place=self._place(entry, access, version),
            filepath=shown_path(filepath, self.root),
            where=entry.where,
            load_args=entry.plain("load_args"),
            save_args=entry.plain("save_args"),
            secrets=self._secrets(filepath),
            description=describe_entry(entry, self.root),
        )

    def _place(self, entry: Entry, access: Access, version: str) -> Place:
        filepath = entry.text("filepath")
        if entry.flag("versioned"):
            return versioned_place(filepath, self.root, access, version)
        return place_of(filepath, self.root, access)

    def _secrets(self, filepath: str = "") -> Secrets:
        """Return the secrets that are known, with those that a path has."""
        self.vault.secrets.add(passwords_in(filepath))
        return self.vault.secrets

    def _access(self, entry: Entry, options: Secret, *, cached: bool) -> Access:
        return Access(
            self.hash_file,
            self.leftovers,
            options,
            fingerprint=entry.text("fingerprint") or VERSION,  # type: ignore[arg-type]  # checked above
            cache=Cache(self.root / CACHE_FOLDER) if cached or entry.flag("cache") else None,
        )

    def _source(self, entry: Entry, source: Source) -> Adapted:
        require_package(entry, source)
        options = self.vault.find(entry)
        access = self._access(entry, options, cached=False)
        given = {key: value for key, value in entry.arguments().items() if key not in _ACCESS_KEYS}
        context = Context(entry.name, entry.where, self.root, access, self._secrets())
        arguments = {**source.defaults, **given, "context": context}
        return self._made(entry, function(source.made_by), arguments)

    def _other(self, entry: Entry, kind: type[Any], version: str) -> Adapted:
        require_load_and_save(entry.name, kind, where=entry.where)
        arguments, options = entry.arguments(), self.vault.find(entry)
        if options.reveal():
            arguments["credentials"] = options.reveal()
        if entry.text("filepath") and not is_remote(entry.text("filepath")):
            arguments["filepath"] = str(local_path(entry.text("filepath"), self.root))
        if entry.flag("versioned"):
            arguments["version"] = kedro_version(entry, kind, version)
        return self._made(entry, kind, arguments)

    def _made(self, entry: Entry, kind: type[Any], arguments: dict[str, Any]) -> Adapted:
        secrets = self._secrets(entry.text("filepath"))
        try:
            made = kind(**arguments)
        except (MloError, MemoryError):
            raise
        except Exception as error:
            message = f"cannot be made from {entry.type_name!r}: {one_line(error, secrets.mask)}"
            raise entry.error(message) from error
        if is_kedro(kind):
            made = KedroDataset(made, self.hash_file)
        return Adapted(entry.name, made, entry.where, secrets, describe_entry(entry, self.root))
