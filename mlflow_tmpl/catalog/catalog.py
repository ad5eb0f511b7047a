"""The catalog: from names to datasets, each built when it is first used."""

from __future__ import annotations

import os
from copy import copy
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.build import Builder
from mlflow_tmpl.catalog.credentials import Vault
from mlflow_tmpl.catalog.dataset import Dataset, Memory, adapt
from mlflow_tmpl.catalog.entries import Entries
from mlflow_tmpl.catalog.entry import Entry, check_name, describe_entry, read_entry
from mlflow_tmpl.catalog.file_dataset import FileDataset
from mlflow_tmpl.catalog.places import Access, LocalFile, place_of
from mlflow_tmpl.catalog.real_paths import RealPaths
from mlflow_tmpl.catalog.resolution import Resolution
from mlflow_tmpl.catalog.schema import Schema
from mlflow_tmpl.catalog.versioned import is_version
from mlflow_tmpl.errors import CatalogError, UsageError, did_you_mean
from mlflow_tmpl.hashing import digest_file
from mlflow_tmpl.pipeline.names import split_item, whole_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mlflow_tmpl.catalog.patterns import Pattern, Patterns
    from mlflow_tmpl.config.values import Value
    from mlflow_tmpl.masking import Secrets

PYTHON = "<python>"
"""Where entries come from that no file declares."""

_OF_THIS_PROCESS = frozenset({"_lock", "_built", "_past", "_memory"})

_SHOWN = 8
"""How many names the text of a catalog has."""


class Catalog:
    """The mapping from names to datasets.

    Nothing of an entry is imported, built or connected before it is used. A name that has no entry, and fits no
    pattern, is a dataset in memory: it can take part in a run, but there is nothing to load or save outside of one.

    Args:
        entries: what `conf/` says, by name.
        root: the folder that relative paths start from; the current one unless given.
        hash_file: gives the hash of a file's content, for fingerprints.
        credentials: gives all credentials, or keeps them; asked only when a dataset that names some is built.
        objects: datasets that are ready: anything with `load` and `save`.
        resolve: resolves the interpolations of an entry, when it is used; given its name and what is written.
        past: gives a path with a past content of a dataset, ``None`` if it is the present one; given its name and
            what the version is called.
    """

    def __init__(
        self,
        entries: Mapping[str, Value] | None = None,
        *,
        root: Path | None = None,
        hash_file: Callable[[Path], str] = digest_file,
        credentials: Callable[[], Value] | Vault | None = None,
        objects: Mapping[str, Any] | None = None,
        resolve: Callable[[str, Value], Value] | None = None,
        past: Callable[[str, str], Path | None] | None = None,
    ) -> None:
        self._entries = Entries(entries or {}, resolve)
        vault = credentials if isinstance(credentials, Vault) else Vault(credentials)
        self._builder = Builder((root or Path()).absolute(), hash_file, vault)
        self._memory: dict[str, bool] = {}
        self._objects = {name: adapt(name, thing, where=PYTHON) for name, thing in (objects or {}).items()}
        self._built: dict[str, Dataset] = {}
        self._lock = RLock()
        self._checked = False
        self._past = past
        self._versions: Mapping[str, str] = {}
        self._places: Mapping[str, Path] = {}
        self._validates = True

    @classmethod
    def of(
        cls,
        entries: Mapping[str, Any],
        *,
        root: Path | None = None,
        hash_file: Callable[[Path], str] = digest_file,
        credentials: Callable[[], Value] | Vault | None = None,
    ) -> Catalog:
        """Return a catalog of paths, mappings like those of a file, and objects with `load` and `save`.

        Example:
            >>> Catalog.of({"penguins": "data/penguins.csv", "model": {"type": "memory"}}).names
            ('penguins', 'model')
        """
        from mlflow_tmpl.config.values import Origin, Value, located

        origin = Origin(PYTHON)
        written = {
            name: located(os.fspath(entry) if isinstance(entry, os.PathLike) else entry, origin)
            for name, entry in entries.items()
            if entry is None or isinstance(entry, (Value, str, dict, os.PathLike, int, float, list, tuple))
        }
        objects = {name: entry for name, entry in entries.items() if name not in written}
        return cls(written, root=root, hash_file=hash_file, credentials=credentials, objects=objects)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that have an entry of their own, in the order of the files."""
        return (*self._entries.own, *self._objects)

    @property
    def patterns(self) -> Patterns:
        """The entries for all names that fit, in the order in which they are asked.

        Raises:
            CatalogError: one of them is wrong, or two cannot be told apart.
        """
        return self._entries.patterns

    @property
    def root(self) -> Path:
        """The folder that relative paths start from."""
        return self._builder.root

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._objects or self._entries.written(name) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self._entries.own) + len(self._objects)

    def __getitem__(self, name: str) -> Dataset:
        """Return a dataset; names are completed after ``catalog["``."""
        return self.dataset(name)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def __repr__(self) -> str:
        shown = ", ".join(self.names[:_SHOWN]) + (", ..." if len(self) > _SHOWN else "")
        return f"<Catalog of {len(self)}: {shown}>"

    def _repr_html_(self) -> str:
        from mlflow_tmpl.catalog.notebook import catalog_html

        return catalog_html(self)

    def dataset(self, name: str) -> Dataset:
        """Return a dataset, built on first use and kept.

        Raises:
            CatalogError: there is no such entry, or it is wrong.
        """
        found = self._objects.get(name) or self._built.get(name)
        if found is None and "[" in name and (part := split_item(name)) is not None:
            from mlflow_tmpl.catalog.parts import part_of

            return part_of(self, *part)
        if found is None:
            with self._lock:
                found = self._built.get(name)
                if found is None:
                    found = self._built[name] = self._build(name)
        return found

    def load(self, name: str) -> Any:
        """Return what a dataset holds.

        Args:
            name: the dataset, or ``NAME:VERSION`` for a past content of it.

        Raises:
            CatalogError: there is no such entry, or it is wrong.
            DataError: it cannot be loaded, or does not fit its schema.
        """
        if ":" in name and "[" not in name:
            return self.at_version(name).load(name.partition(":")[0])
        data = self.dataset(name).load()
        schema = self.schema(name)
        return data if schema is None else schema.fit(data, "loaded")

    def save(self, name: str, data: Any) -> None:
        """Put data in the place of what a dataset holds.

        Raises:
            CatalogError: there is no such entry, or it is wrong.
            DataError: it cannot be saved, or does not fit its schema; what was there is untouched.
        """
        self.dataset(name).save(self._fitting(name, data))

    def put(self, name: str, data: Any, *, chunks: bool = False, hashed: bool = True) -> str:
        """Save, and return the fingerprint of exactly what was saved; empty where it cannot be told.

        Args:
            name: the dataset.
            data: what is saved.
            chunks: whether the data is an iterator over parts, which are appended to each other.
            hashed: whether the fingerprint is wanted.

        Raises:
            CatalogError: there is no such entry, or it is wrong.
            DataError: it cannot be saved, or does not fit its schema; what was there is untouched.
        """
        dataset, data = self.dataset(name), self._fitting(name, data, chunks=chunks)
        save = getattr(dataset, "save_stream" if chunks else "save")
        if not hashed:
            save(data)
            return ""
        put = getattr(dataset, "put_stream" if chunks else "put", save)
        return put(data) or dataset.fingerprint() or ""

    def fit(self, name: str, data: Any) -> Any:
        """Return data of a dataset in memory, checked by its schema, if it has one.

        Raises:
            CatalogError: there is no such schema.
            DataError: the data does not fit it.
        """
        schema = self.schema(name)
        return data if schema is None else schema.fit(data, "handed on")

    def confirm(self, names: Iterable[str]) -> None:
        """Tell datasets that a run which took them has succeeded: some remember what of them was taken."""
        for name in names:
            confirm = getattr(self._built.get(name), "confirm", None)
            if confirm is not None:
                confirm()

    def exists(self, name: str) -> bool:
        """Tell whether there is something to load; never for a dataset in memory."""
        return not self.is_memory(name) and self.dataset(name).exists()

    @property
    def known_secrets(self) -> Secrets:
        """The secrets that were given out: nothing that is shown or recorded has them."""
        return self._builder.vault.secrets

    def role(self, name: str) -> str:
        """Return what a dataset is for (``metrics``, ``model``, ...), empty if nothing is said about that."""
        return "" if self.is_memory(name) else str(self.describe(name).get("role", ""))

    def describe(self, name: str) -> dict[str, Any]:
        """Return type, place and arguments, fit for JSON and without secrets; nothing is imported."""
        name = whole_name(name)
        if name in self._objects:
            return self._objects[name].describe()
        built = self._built.get(name)
        if isinstance(built, FileDataset) and name not in self._places:
            told = dict(built.description)
        else:
            entry = self._entries.told(name)
            told = {"type": "memory"} if entry is None else describe_entry(entry, self.root)
        if not self._validates:
            told.pop("schema", None)
        return told

    def schema(self, name: str) -> Schema | None:
        """Return the schema that a dataset is checked by; ``None`` if it has none, or nothing is checked."""
        value = self._entries.value(name) if self._validates and "[" not in name else None
        if value is None or not value.is_mapping or "schema" not in value.data:
            return None
        entry = read_entry(name, value)
        return Schema(name, entry.text("schema"), str(entry.settings["schema"].origin))

    def hidden(self, name: str) -> str:
        """Return a hash of what `describe` does not show, so that a change of it counts; empty if it shows all."""
        entry = self._entries.told(name) if self._entries.resolves and name not in self._objects else None
        return "" if entry is None else entry.hidden()

    def describe_pattern(self, pattern: Pattern) -> dict[str, Any]:
        """Return what the entry of a pattern says of itself, its placeholders not filled."""
        return describe_entry(read_entry(pattern.text, pattern.value), self.root)

    def where(self, name: str) -> str:
        """Return ``file:line:column`` of an entry, of that of a pattern where there is no other, or an empty string."""
        if name in self._objects:
            return PYTHON
        value = self._entries.written(whole_name(name))
        return "" if value is None else str(value.origin)

    def resolve(self, name: str) -> Resolution:
        """Return which entry a name falls to, and what else it fits.

        Raises:
            CatalogError: the name, or a pattern, is wrong.
        """
        check_name(name, "")
        entries = self._entries
        found = None if name in entries.own or name in self._objects else entries.fits(name)
        return Resolution(
            name=name,
            value=None if name in self._objects else entries.telling(name),
            pattern=found[0] if found else None,
            fitting=self.patterns.fitting(name),
            in_python=name in self._objects,
        )

    def location(self, name: str, real: RealPaths | None = None) -> str:
        """Return where a dataset's file lies, the same text for the same place; empty if it has none.

        Args:
            name: the dataset.
            real: follows links, if there are many files.
        """
        built = self._built.get(name)
        if isinstance(built, FileDataset) and isinstance(built.place, LocalFile) and name not in self._places:
            return built.place.identity_by(real or RealPaths())
        entry = self._entry(name) if self._entries.written(name) is not None else None
        filepath = "" if entry is None else entry.text("filepath")
        if not filepath:
            return ""
        access = Access(self._builder.hash_file, self._builder.leftovers)
        place = place_of(filepath, self.root, access)
        return place.identity

    def is_memory(self, name: str) -> bool:
        """Tell whether a dataset's value lives in the run only: it is declared so, or has no entry."""
        known = self._memory.get(name)
        if known is not None:
            return known
        if name in self._objects:
            return isinstance(self._objects[name], Memory)
        part = split_item(name) if "[" in name else None
        if part is not None:
            from mlflow_tmpl.catalog.parts import has_parts

            found = self._memory[name] = not has_parts(self, part[0])
            return found
        entry = self._entries.told(name)
        found = entry is None or entry.is_memory
        if self._entries.is_read(name):
            self._memory[name] = found
        return found

    def is_caught(self, name: str) -> bool:
        """Tell whether a name has no better entry than the pattern for every name."""
        return name not in self._objects and self._entries.is_caught(name)

    def copy_mode(self, name: str) -> str | None:
        """Return how a dataset in memory is handed on, one of `COPY_MODES`, if that is declared."""
        if not self.is_memory(name):
            return None
        return self.describe(name).get("copy")

    def variant(
        self,
        *,
        versions: Mapping[str, str] | None = None,
        places: Mapping[str, Path] | None = None,
        validate: bool = True,
    ) -> Catalog:
        """Return this catalog read in another way.

        Args:
            versions: for datasets the version that is loaded: of a versioned one ``2024-01-31T09.15.00.123Z``, of any
                a run that made or took it, the beginning of a hash, or an alias.
            places: for datasets the file or folder of this machine that is loaded instead.
            validate: whether schemas are checked.

        Raises:
            CatalogError: a dataset keeps no versions.
            LedgerError: there is no such version, or its content was not kept.
        """
        other = copy(self)
        other._versions, other._places = dict(self._versions), {**self._places, **(places or {})}
        for name, version in (versions or {}).items():
            entry = self._entry(name)
            if entry.flag("versioned") and (is_version(version) or self._past is None):
                other._versions[name] = version
            elif self._past is None:
                raise entry.error("keeps no versions", hint="add 'versioned: true' to its entry")
            else:
                path = self._past(name, version)
                if path is not None:
                    other._places[name] = path
        read_otherwise = {*other._versions, *other._places}
        other._built = {name: each for name, each in self._built.items() if name not in read_otherwise}
        other._validates = self._validates and validate
        return other

    def given_object(self, name: str) -> Dataset | None:
        """Return the object that was given for a dataset in Python, ``None`` if an entry says what it is."""
        return self._objects.get(name)

    def resolved(self, name: str) -> Value | None:
        """Return what is said of a dataset, its interpolations resolved as far as they can be."""
        return self._entries.telling(name)

    @property
    def vault(self) -> Vault:
        """What gives credentials."""
        return self._builder.vault

    @property
    def reading(self) -> tuple[Mapping[str, str], Mapping[str, Path], bool]:
        """Versions and places that are loaded instead, and whether schemas are checked."""
        return self._versions, self._places, self._validates

    def as_it_was(
        self,
        objects: Mapping[str, Dataset],
        versions: Mapping[str, str],
        places: Mapping[str, Path],
        *,
        validates: bool,
    ) -> Catalog:
        """Take over what `reading` and `given_object` tell of a catalog elsewhere, and return this one."""
        self._objects, self._versions, self._places = dict(objects), versions, places
        self._validates = validates
        return self

    def at_version(self, version: str) -> Catalog:
        """Return this catalog with one dataset at a version, written ``NAME:VERSION``.

        Raises:
            UsageError: it is not written so.
            CatalogError: the dataset keeps no versions.
            LedgerError: there is no such version, or its content was not kept.
        """
        name, _, reference = version.partition(":")
        if not name or not reference:
            raise UsageError(
                f"{version!r} is no version", hint="write NAME, NAME:RUN, NAME:HASH or NAME:ALIAS"
            )
        return self.variant(versions={name: reference})

    def keep_mode(self, name: str) -> str:
        """Return whether the value of a dataset in memory is kept, one of `KEEP_MODES`; empty if undeclared."""
        return self.describe(name).get("keep", "") if self.is_memory(name) else ""

    def check(self) -> None:
        """Check shape and names of all entries, once; nothing is imported.

        Raises:
            CatalogError: the first entry that is wrong.
        """
        if not self._checked:
            self._entries.check()
            for name in self._objects:
                check_name(name, PYTHON)
            self._checked = True

    def check_use(self, inputs: Iterable[str], outputs: Iterable[str]) -> None:
        """Check, for the entries in use, types, packages, credentials and paths.

        Args:
            inputs: what has to be there before the first node starts.
            outputs: what nodes will save.

        Raises:
            CatalogError: the first that cannot work.
        """
        from mlflow_tmpl.catalog.preflight import check_use

        check_use(self, inputs, outputs)

    def _build(self, name: str) -> Dataset:
        entry, path = self._entry(name), self._places.get(name)
        if path is not None:
            return self._builder.build(entry.moved(path))
        return self._builder.build(entry, self._versions.get(name, ""))

    def _fitting(self, name: str, data: Any, *, chunks: bool = False) -> Any:
        schema = self.schema(name)
        if schema is None:
            return data
        from mlflow_tmpl.catalog.collected import Collected

        if isinstance(data, Collected):
            return data
        return schema.fitting(data) if chunks else schema.fit(data, "saved")

    def _entry(self, name: str) -> Entry:
        entry = self._entries.entry(name)
        if entry is None:
            raise CatalogError(f"dataset {name!r} is not in the catalog", hint=did_you_mean(name, self.names))
        return entry

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what another process builds for itself."""
        return {key: value for key, value in self.__dict__.items() if key not in _OF_THIS_PROCESS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._built, self._past, self._memory = {}, None, {}
        self._lock = RLock()
