"""What a file format is to the catalog: one row."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is loaded and saved.

    Attributes:
        name: the short name that a catalog entry gives as `type`; before a dot stands the library, if there
            are several for such files.
        value: what a node gets and gives, for people.
        save: ``save(data, target, **save_args)``; the target is a path, or a binary file if `opened`.
            ``None``: files of this format are only read.
        load: ``load(source, **load_args)``; the source is a path or a binary file, always the latter if
            `opened`. ``None``: files of this format are only written.
        suffixes: what a file's name ends with when its entry needs no `type`.
        aliases: other names for the same, Kedro's among them.
        opened: whether the file is opened, and decompressed by its suffix, before `load` and `save` see it.
        compressed: whether a suffix like ``.gz`` after the format's own means a compressed file.
        local: whether `load` needs a path on this machine; what lies elsewhere goes through the read cache.
        stream: ``stream(chunks, file, **save_args)`` appends one chunk after the other to a binary file;
            ``None`` if the format cannot be appended to.
        head: ``head(source, rows, **load_args)`` loads the first rows without reading the rest; ``None`` if
            there is no such way.
        exact: whether loading gives back a value equal to the one saved, in type and content.
        package: what has to be installed beyond what we always need, as it is imported.
        library: what the values belong to, as it is imported, if that is another package.
        extra: the optional dependencies of ours that bring it.
        save_defaults: arguments of `save` that a user's own overrule.
        pickled: whether loading a file runs what the file says: one from elsewhere is opened only where it is trusted.
        instead: how to get at the data of a format that is only written or only read.
    """

    name: str
    save: Callable[..., None] | None
    load: Callable[..., Any] | None
    suffixes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    value: str = ""
    opened: bool = False
    compressed: bool = False
    local: bool = False
    stream: Callable[..., None] | None = None
    head: Callable[..., Any] | None = None
    exact: bool = False
    package: str = ""
    library: str = ""
    extra: str = ""
    save_defaults: Mapping[str, Any] = field(default_factory=dict)
    pickled: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of data that is not one file: a table of a database, a folder of partitions, an answer of a server.

    Attributes:
        name: the short name that a catalog entry gives as `type`.
        made_by: ``module:class`` of the dataset, imported when an entry of the kind is used.
        keys: what an entry may have beyond what all may, with the JSON type of each; ``any`` for all of them.
        required: those that it must have.
        value: what a node gets and gives, for people.
        aliases: other names for the same, Kedro's among them.
        renamed: Kedro's names of our keys.
        defaults: what keys stand for when an entry does not have them.
        saves: whether it can be saved.
        streams: whether it can be saved chunk by chunk.
        fingerprint: what tells that the content changed, for people.
        package, library, extra: as for a format.
    """

    name: str
    made_by: str
    keys: Mapping[str, str]
    required: tuple[str, ...] = ()
    value: str = ""
    aliases: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    saves: bool = True
    streams: bool = False
    fingerprint: str = ""
    package: str = ""
    library: str = ""
    extra: str = ""
