"""From an entry to a dataset: the only place where an entry's type is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.credentials import find_credentials
from mlflow_tmpl.catalog.dataset import Adapted, Dataset, Memory, require_load_and_save
from mlflow_tmpl.catalog.datasets import LIBRARIES
from mlflow_tmpl.catalog.entry import Entry, check_entry, check_name, describe_entry, unknown_type
from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.catalog.file_dataset import FileDataset
from mlflow_tmpl.catalog.fingerprints import VERSION
from mlflow_tmpl.catalog.places import Access, is_remote, local_path, place_of, shown_path
from mlflow_tmpl.catalog.read_cache import CACHE_FOLDER, Cache
from mlflow_tmpl.catalog.secrets import secret_texts
from mlflow_tmpl.catalog.temporaries import Leftovers
from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog.datasets import Format
    from mlflow_tmpl.config.values import Value


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes datasets of entries.

    Attributes:
        root: the folder that relative paths start from.
        hash_file: gives the hash of a file's content.
        credentials: gives all credentials; called only for an entry that names some.
    """

    root: Path
    hash_file: Callable[[Path], str]
    credentials: Callable[[], Value] | None
    leftovers: Leftovers = field(default_factory=Leftovers)

    def build(self, entry: Entry) -> Dataset:
        """Return the dataset of an entry.

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
            return self._file(entry, entry.format)
        return self._other(entry)

    def _file(self, entry: Entry, form: Format) -> FileDataset:
        filepath = entry.text("filepath")
        options = find_credentials(entry, self.credentials)
        access = Access(
            self.hash_file,
            self.leftovers,
            options,
            fingerprint=entry.text("fingerprint") or VERSION,  # type: ignore[arg-type]  # checked above
            cache=Cache(self.root / CACHE_FOLDER) if form.local or entry.flag("cache") else None,
        )
        return FileDataset(
            name=entry.name,
            format=form,
            place=place_of(filepath, self.root, access),
            filepath=shown_path(filepath, self.root),
            where=entry.where,
            load_args=entry.plain("load_args"),
            save_args=entry.plain("save_args"),
            secrets=tuple(secret_texts(options)),
            description=describe_entry(entry, self.root),
        )

    def _other(self, entry: Entry) -> Adapted:
        kind = _import_type(entry)
        require_load_and_save(entry.name, kind, where=entry.where)
        arguments, options = entry.arguments(), find_credentials(entry, self.credentials)
        if options:
            arguments["credentials"] = options
        if entry.text("filepath") and not is_remote(entry.text("filepath")):
            arguments["filepath"] = str(local_path(entry.text("filepath"), self.root))
        secrets = tuple(secret_texts(options))
        try:
            made = kind(**arguments)
        except (MloError, MemoryError):
            raise
        except Exception as error:
            message = f"cannot be made from {entry.type_name!r}: {one_line(error, secrets)}"
            raise entry.error(message) from error
        return Adapted(entry.name, made, entry.where, secrets, describe_entry(entry, self.root))


def _import_type(entry: Entry) -> type[Any]:
    """Return the class that an entry's dotted type names."""
    module, _, name = entry.type_name.rpartition(".")
    if not module or not all(part.isidentifier() for part in entry.type_name.split(".")):
        raise unknown_type(entry)
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        problem = unknown_type(entry)
        message = f"has type {entry.type_name!r}, which cannot be imported: {one_line(error)}"
        raise entry.error(message, key="type", hint=problem.hint) from error
    if not isinstance(found, type):
        raise unknown_type(entry)
    return found
