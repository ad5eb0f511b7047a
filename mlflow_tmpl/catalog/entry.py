"""One entry of the catalog as it is written: its shape and what it says of itself; nothing is imported."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.dataset import COPY_MODES
from mlflow_tmpl.catalog.datasets import (
    FORMATS,
    LIBRARIES,
    MEMORY_NAMES,
    TYPE_NAMES,
    format_named,
    format_of_path,
    formats_of,
    source_named,
)
from mlflow_tmpl.catalog.fingerprints import FINGERPRINTS
from mlflow_tmpl.catalog.places import shown_path
from mlflow_tmpl.catalog.secrets import showable
from mlflow_tmpl.config.interpolation import MARK
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, did_you_mean
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.pipeline.names import is_dataset_name, is_parameter
from mlflow_tmpl.pipeline.options import KEEP_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlflow_tmpl.catalog.datasets import Format, Source
    from mlflow_tmpl.config.values import Origin, Value

_TEXTS = ("type", "filepath", "credentials", "schema", "layer", "role", "file_format", "backend")
_MAPPINGS = ("load_args", "save_args")
_OURS = ("type", "layer", "role", "metadata", "credentials", "schema", "versioned")
"""Keys that no class of others is constructed with as they are."""

NOTES = ("layer", "role", "metadata")
"""What is only said about a dataset: it changes nothing of what is loaded or saved."""

ROLES = ("model", "metrics", "predictions", "reference", "report")
"""What a dataset can be for."""

FILE_KEYS = (
    *("type", "filepath", "load_args", "save_args", "credentials", "schema", "versioned", *NOTES),
    *("cache", "fingerprint"),
)
FORMAT_KEYS = ("file_format", "backend")
"""Keys that only mean something where `type` leaves the format open."""

SOURCE_KEYS = ("type", "credentials", "schema", *NOTES)
"""What an entry of any kind of source may have beside the keys of its own."""

SHAPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "flag": (bool,),
    "mapping": (dict, type(None)),
    "text or mapping": (str, dict),
}
"""What a key of a source may hold, by the word that its row has for it."""

MEMORY_KEYS = ("type", "copy", "keep", "schema", *NOTES)

_OF_THE_PLACE = ("versioned", "credentials", "cache", "fingerprint")
"""What says how to reach the place that an entry names, and nothing of another."""

_MODES = {"copy": COPY_MODES, "keep": KEEP_MODES}
"""What the settings of a dataset in memory may be."""


@dataclass(frozen=True)
class Entry:
    """A catalog entry: a name, and settings with their places.

    Attributes:
        name: the dataset's name.
        settings: the entry's keys; a bare path is its `filepath`.
        origin: where it stands.
    """

    name: str
    settings: Mapping[str, Value]
    origin: Origin

    @property
    def where(self) -> str:
        """``file:line:column``."""
        return str(self.origin)

    @cached_property
    def type_name(self) -> str:
        """The `type` as it is written, empty if there is none."""
        return self.text("type")

    @property
    def is_memory(self) -> bool:
        """Whether the value lives in the run only."""
        return self.type_name in MEMORY_NAMES

    @cached_property
    def format(self) -> Format | None:
        """The file format that type or suffix tell, if it is one of ours."""
        filepath = self.text("filepath")
        if not self.type_name:
            return format_of_path(filepath)
        return format_named(self.type_name, filepath, self.text("file_format") or self.text("backend"))

    @property
    def source(self) -> Source | None:
        """The kind of source that the type tells, if it is one of ours."""
        return source_named(self.type_name)

    def text(self, key: str) -> str:
        """Return a setting that is a text; empty if it is not there."""
        value = self.settings.get(key)
        return value.data if value is not None and isinstance(value.data, str) else ""

    def flag(self, key: str) -> bool:
        """Tell whether a setting is ``true``."""
        value = self.settings.get(key)
        return value is not None and value.data is True

    def plain(self, key: str) -> dict[str, Any]:
        """Return a setting that is a mapping; empty if it is not there."""
        value = self.settings.get(key)
        return value.plain() or {} if value is not None else {}

    def shown(self, key: str) -> Any:
        """Return a setting for everyone to see; an empty mapping if it is not there."""
        value = self.settings.get(key)
        return {} if value is None or value.data is None else value.shown()

    def shown_text(self, key: str) -> str:
        """Return a setting that is a text for everyone to see."""
        return str(self.settings[key].shown()) if self.text(key) else ""

    def hidden(self) -> str:
        """Return a hash of what is not shown of the settings, so that a change of it counts; empty if all is."""
        counted = {key: value.counted() for key, value in self.settings.items()}
        told = {key: value.shown() for key, value in self.settings.items()}
        return "" if counted == told else digest(repr(counted))

    def moved(self, path: Path) -> Entry:
        """Return the entry of the same kind of data that lies, as one file or folder of this machine, elsewhere."""
        kept = {key: value for key, value in self.settings.items() if key not in _OF_THE_PLACE}
        filepath = self.settings["filepath"]
        return Entry(self.name, {**kept, "filepath": replace(filepath, data=str(path))}, self.origin)

    def arguments(self) -> dict[str, Any]:
        """Return what a class of others is constructed with, but for the credentials."""
        return {key: value.plain() for key, value in self.settings.items() if key not in _OURS}

    def error(self, message: str, *, key: str = "", hint: str = "") -> CatalogError:
        """Return an error that points at the entry, or at one of its settings."""
        value = self.settings.get(key)
        where = str(value.origin) if value is not None else self.where
        return CatalogError(f"dataset {self.name!r} {message}", where=where, hint=hint)


def read_entry(name: str, value: Value) -> Entry:
    """Return an entry whose outer shape is right.

    Raises:
        CatalogError: it is neither a path nor a mapping.
    """
    if isinstance(value.data, str) and value.data:
        return Entry(name, {"filepath": value}, value.origin)
    if isinstance(value.data, dict):
        return Entry(name, _renamed(value.data), value.origin)
    found = "empty" if value.data in (None, "") else f"a {type(value.data).__name__}"
    raise CatalogError(
        f"dataset {name!r} must be a path or a mapping, but is {found}",
        where=str(value.origin),
        hint="write 'data/01_raw/x.csv', or {type: ..., filepath: ...}",
    )


def _renamed(settings: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return settings with our names of the keys that Kedro calls otherwise."""
    kind = settings.get("type")
    source = source_named(kind.data) if kind is not None and isinstance(kind.data, str) else None
    if source is None or not source.renamed:
        return settings
    return {source.renamed.get(key, key): value for key, value in settings.items()}


def check_name(name: str, origin: object) -> None:
    """Check what a dataset is called.

    Raises:
        CatalogError: the name is not legal, or stands for parameters.
    """
    if is_parameter(name) or not is_dataset_name(name):
        raise CatalogError(
            f"{name!r} is no name for a dataset",
            where=str(origin),
            hint="use letters, digits, '_', '.', '-', and at most one '@view'",
        )


def check_entry(entry: Entry) -> None:
    """Check what can be told of an entry without importing anything.

    Raises:
        CatalogError: a key is unknown to its type, or a setting has the wrong shape.
    """
    _check_shapes(entry)
    if not entry.type_name and not entry.text("filepath"):
        raise entry.error("has neither a type nor a filepath")
    if entry.is_memory:
        _check_keys(entry, MEMORY_KEYS)
    elif entry.format or entry.type_name in LIBRARIES:
        check_file_entry(entry)
    elif entry.source:
        _check_source(entry, entry.source)


def check_file_entry(entry: Entry) -> None:
    """Check the keys of an entry whose type is a format of files.

    Raises:
        CatalogError: a key is unknown, or there is no filepath.
    """
    _check_keys(entry, (*FILE_KEYS, *(FORMAT_KEYS if entry.type_name in LIBRARIES else ())))
    if not entry.text("filepath"):
        raise entry.error("has no filepath")


def _check_source(entry: Entry, source: Source) -> None:
    _check_keys(entry, (*SOURCE_KEYS, *source.keys))
    for key in source.required:
        if key not in entry.settings:
            raise entry.error(f"has no {key}")
    for key, value in entry.settings.items():
        shape = source.keys.get(key)
        if shape is not None and not isinstance(value.data, SHAPES[shape]):
            raise entry.error(f"must have a {shape} for {key!r}, not {_kind(value)}", key=key)


def _check_keys(entry: Entry, known: tuple[str, ...]) -> None:
    for key, value in entry.settings.items():
        if key not in known:
            raise CatalogError(
                f"dataset {entry.name!r} has a key {key!r} that its type does not know",
                where=str(value.key_origin),
                hint=did_you_mean(key, known) or f"it may have {', '.join(known)}",
            )


def _check_shapes(entry: Entry) -> None:
    for key, value in entry.settings.items():
        if isinstance(value.data, str) and MARK in value.data:
            continue  # of an entry that is not in use: what it will be is not known
        if key in _TEXTS and not (isinstance(value.data, str) and value.data):
            raise entry.error(f"must have a text for {key!r}, not {_kind(value)}", key=key)
        if key == "versioned" and not isinstance(value.data, bool):
            raise entry.error(f"must have true or false for 'versioned', not {_kind(value)}", key=key)
        if key in _MAPPINGS and not isinstance(value.data, (dict, type(None))):
            raise entry.error(f"must have a mapping for {key!r}, not {_kind(value)}", key=key)
        if key == "role" and value.data not in ROLES:
            hint = did_you_mean(str(value.data), ROLES) or f"it is one of {', '.join(ROLES)}"
            raise entry.error(f"cannot have role: {value.data!r}", key=key, hint=hint)
        modes = _MODES.get(key) if entry.is_memory else None
        if modes and value.data not in modes:
            hint = f"it is one of {', '.join(modes)}"
            raise entry.error(f"cannot have {key}: {value.data!r}", key=key, hint=hint)
        if key == "fingerprint" and (entry.format or entry.source) and value.data not in FINGERPRINTS:
            hint = f"it is one of {', '.join(FINGERPRINTS)}"
            raise entry.error(f"cannot have fingerprint: {value.data!r}", key=key, hint=hint)
        if key == "cache" and entry.format and not isinstance(value.data, bool):
            raise entry.error(f"must have true or false for 'cache', not {_kind(value)}", key=key)


def _kind(value: Value) -> str:
    names = {"dict": "a mapping", "list": "a list", "NoneType": "nothing"}
    if value.data == "":
        return "an empty text"
    return names.get(type(value.data).__name__, repr(value.data))


def unknown_type(entry: Entry, more: Iterable[str] = ()) -> CatalogError:
    """Return the error for an entry whose type or suffix tells nothing.

    Args:
        entry: the entry.
        more: names that the type may have been meant for, besides ours.
    """
    short = ", ".join([each.name for each in FORMATS] + ["memory"])
    if not entry.type_name:
        return entry.error(
            f"has a filepath whose suffix tells no type: {entry.text('filepath')!r}",
            key="filepath",
            hint=f"give it a type: {short}",
        )
    if LIBRARIES.get(entry.type_name):
        return entry.error(
            f"has type {entry.type_name!r}, which does not know the format of {entry.text('filepath')!r}",
            key="file_format" if "file_format" in entry.settings else "filepath",
            hint=f"file_format is one of {', '.join(formats_of(entry.type_name))}",
        )
    hint = (
        did_you_mean(entry.type_name, (*more, *TYPE_NAMES))
        or f"there are {short}, or the dotted path of a class"
    )
    return entry.error(f"has an unknown type {entry.type_name!r}", key="type", hint=hint)


def describe_entry(entry: Entry, root: Path) -> dict[str, Any]:
    """Return what an entry says of itself, as JSON can hold it and without secrets; nothing is imported.

    The same data is described in the same way however its entry is written: by the short name of its type,
    with a path relative to the project.
    """
    if entry.is_memory:
        said = {key: entry.text(key) for key in _MODES if entry.text(key)}
        own: dict[str, Any] = {"type": "memory", **said}
    elif entry.format:
        own = {
            "type": entry.format.name,
            "filepath": shown_path(entry.shown_text("filepath"), root),
            "load_args": showable(entry.shown("load_args")),
            "save_args": showable(entry.shown("save_args")),
        }
    else:
        kind = entry.source.name if entry.source else entry.type_name or "unknown"
        told = {key: entry.shown(key) for key in entry.arguments()}
        own = {"type": kind, **showable(told)}
        if entry.text("filepath"):
            own["filepath"] = shown_path(entry.shown_text("filepath"), root)
    if entry.flag("versioned"):
        own["versioned"] = True
    notes = [key for key in ("schema", *NOTES) if key in entry.settings]
    return {**own, **{key: showable(entry.settings[key].shown()) for key in notes}}
