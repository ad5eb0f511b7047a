"""What a file format is to the catalog: one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of file is loaded and saved.

    Attributes:
        name: the short name that a catalog entry gives as `type`.
        save: ``save(data, target, **save_args)``; the target is a path, or a binary file if `opened`.
        load: ``load(source, **load_args)``; the source is a path or a binary file, always the latter if
            `opened`. ``None``: files of this format are only written.
        suffixes: what a file's name ends with when its entry needs no `type`.
        aliases: other names for the same, Kedro's among them.
        opened: whether the file is opened, and decompressed by its suffix, before `load` and `save` see it.
        compressed: whether a suffix like ``.gz`` after the format's own means a compressed file.
        stream: ``stream(chunks, file, **save_args)`` appends one chunk after the other to a binary file;
            ``None`` if the format cannot be appended to.
        package: what has to be installed beyond what we always need, as it is imported.
        extra: the optional dependencies of ours that bring it.
        save_defaults: arguments of `save` that a user's own overrule.
        instead: how to get at the data of a format that is only written.
    """

    name: str
    save: Callable[..., None]
    load: Callable[..., Any] | None
    suffixes: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    opened: bool = False
    compressed: bool = False
    stream: Callable[..., None] | None = None
    package: str = ""
    extra: str = ""
    save_defaults: Mapping[str, Any] = field(default_factory=dict)
    instead: str = ""
