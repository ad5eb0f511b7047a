"""What a catalog says of a name: in an entry of its own, or in that of a pattern, with interpolations resolved."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.entry import Entry, check_entry, check_name, read_entry
from mlflow_tmpl.catalog.patterns import Pattern, Patterns, is_pattern
from mlflow_tmpl.errors import ConfigError
from mlflow_tmpl.pipeline.names import whole_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.config.values import Value


class Entries:
    """The entries of a catalog, each read when somebody asks for it.

    Args:
        given: what is written, by name or pattern.
        resolve: resolves the interpolations of an entry; given its name and what is written.

    Attributes:
        own: what is written of each name that has an entry of its own.
        resolves: whether there is anything to resolve.
    """

    def __init__(
        self, given: Mapping[str, Value], resolve: Callable[[str, Value], Value] | None = None
    ) -> None:
        self.own = {name: value for name, value in given.items() if not is_pattern(name)}
        self.resolves = resolve is not None
        self._patterned = {name: value for name, value in given.items() if is_pattern(name)}
        self._resolve = resolve
        self._fallen: dict[str, tuple[Pattern, Value] | None] = {}
        self._resolved: dict[str, Value] = {}
        self._read: dict[str, Entry | None] = {}

    @cached_property
    def patterns(self) -> Patterns:
        """The entries for all names that fit, in the order in which they are asked.

        Raises:
            CatalogError: one of them is wrong, or two cannot be told apart.
        """
        return Patterns(self._patterned)

    def check(self) -> None:
        """Check shape and names of all entries; nothing is imported.

        Raises:
            CatalogError: the first entry that is wrong.
        """
        for name, value in self.own.items():
            check_name(name, value.key_origin)
            check_entry(read_entry(name, value))
        for pattern in self.patterns.ordered:
            check_entry(read_entry(pattern.text, pattern.value))

    def entry(self, name: str) -> Entry | None:
        """Return the entry that a name falls to, resolved.

        Raises:
            ConfigError: an interpolation leads nowhere.
        """
        if name not in self._read:
            value = self.value(name)
            self._read[name] = None if value is None else read_entry(name, value)
        return self._read[name]

    def told(self, name: str) -> Entry | None:
        """Return the entry that a name falls to, resolved as far as it can be."""
        name = whole_name(name)
        try:
            return self.entry(name)
        except ConfigError:  # what it lacks may be there when it is asked for again
            written = self.written(name)
            return None if written is None else read_entry(name, written)

    def is_read(self, name: str) -> bool:
        """Tell whether the entry of a name is known for good, with all its interpolations resolved."""
        return whole_name(name) in self._read

    def value(self, name: str) -> Value | None:
        """Return what is said of a name, its interpolations resolved.

        Raises:
            ConfigError: one of them leads nowhere.
        """
        name = whole_name(name)
        written = self.written(name)
        if written is None or self._resolve is None:
            return written
        if name not in self._resolved:
            self._resolved[name] = self._resolve(name, written)
        return self._resolved[name]

    def telling(self, name: str) -> Value | None:
        """Return what is said of a name; as it is written where it cannot be resolved, as of one not in use."""
        try:
            return self.value(name)
        except ConfigError:
            return self.written(name)

    def written(self, name: str) -> Value | None:
        """Return what is written of a name: in an entry of its own, or in a pattern."""
        own = self.own.get(name)
        if own is not None or not self._patterned:
            return own
        found = self.fits(name)
        return found[1] if found else None

    def fits(self, name: str) -> tuple[Pattern, Value] | None:
        """Return the pattern that a name falls to and the entry that it gives; found once a name."""
        if name not in self._fallen:
            self._fallen[name] = self.patterns.find(name)
        return self._fallen[name]

    def is_caught(self, name: str) -> bool:
        """Tell whether a name has no better entry than the pattern for every name."""
        if name in self.own or not self._patterned:
            return False
        found = self.fits(name)
        return found is not None and found[0].is_catch_all
