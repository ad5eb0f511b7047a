"""Values that know where they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ConfigError, place

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 100
"""How deep values may be nested; well below what recursion can follow."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a file, or the name of what else gave a value.

    Attributes:
        path: the file as it was opened, or a word such as ``--params``.
        line: counted from 1; 0 if there is none.
        column: counted from 1; 0 if there is none.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return place(self.path, self.line, self.column)


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar, mapping or list together with where it was written.

    Attributes:
        data: a scalar, a mapping from text to values, or a list of values; not to be changed.
        origin: where the value stands; of a mapping merged from several layers, the last one that adds to it.
        overrode: what the value replaced in a lower layer, if anything.
        key: where the key of the value stands, if it has one.
    """

    data: Any
    origin: Origin
    overrode: Value | None = None
    key: Origin | None = None

    @property
    def is_mapping(self) -> bool:
        """Whether the value has keys."""
        return type(self.data) is dict

    @property
    def key_origin(self) -> Origin:
        """Where the key stands, or the value itself where there is no key."""
        return self.key or self.origin

    def plain(self) -> Any:
        """Return the value as fresh dicts, lists and scalars.

        Example:
            >>> located({"a": [1, {"b": None}]}, Origin("x")).plain()
            {'a': [1, {'b': None}]}
        """
        data = self.data
        if type(data) is dict:
            return {key: value.plain() for key, value in data.items()}
        if type(data) is list:
            return [value.plain() for value in data]
        return data

    def get(self, dotted: str) -> Value | None:
        """Return the value under a dotted key, or ``None``; the empty key is the value itself.

        A key that has a dot of its own is found too.

        Example:
            >>> located({"train": {"alpha": 0.1}}, Origin("x")).get("train.alpha").plain()
            0.1
        """
        if not dotted:
            return self
        if type(self.data) is not dict:
            return None
        if dotted in self.data:
            found: Value = self.data[dotted]
            return found
        return self._get_below(dotted)

    def _get_below(self, dotted: str) -> Value | None:
        end = dotted.find(".")
        while end != -1:
            inner = self.data.get(dotted[:end])
            found: Value | None = (
                inner.get(dotted[end + 1 :]) if inner is not None and dotted[end + 1 :] else None
            )
            if found is not None:
                return found
            end = dotted.find(".", end + 1)
        return None

    def leaves(self) -> Iterator[tuple[str, Value]]:
        """Yield the dotted key and the value of all that is no mapping below this one, in the order written.

        Lists are leaves, since layers replace them whole; so are empty mappings.

        Example:
            >>> [(key, leaf.plain()) for key, leaf in located({"a": {"b": [1]}, "c": {}}, Origin("x")).leaves()]
            [('a.b', [1]), ('c', {})]
        """
        if type(self.data) is not dict:
            return
        for key, value in self.data.items():
            if type(value.data) is dict and value.data:
                yield from ((f"{key}.{inner}", leaf) for inner, leaf in value.leaves())
            else:
                yield key, value


def located(plain: Any, origin: Origin) -> Value:
    """Return plain data as values that all come from one place.

    Args:
        plain: dicts with text keys, lists, tuples and anything else for a scalar; values stay what they are.
        origin: where it all comes from.

    Raises:
        ConfigError: a key that is no text, or data nested too deep.

    Example:
        >>> str(located({"alpha": 1}, Origin("--params")).get("alpha").origin)
        '--params'
    """
    return _located(plain, origin, 0)


def _located(plain: Any, origin: Origin, depth: int) -> Value:
    if isinstance(plain, Value):
        return plain
    if depth > MAX_DEPTH:
        raise ConfigError(f"values are nested more than {MAX_DEPTH} deep", where=str(origin))
    if isinstance(plain, dict):
        for key in plain:
            if not isinstance(key, str):
                raise ConfigError(f"key {key!r} is not text", where=str(origin), hint=f"make it {str(key)!r}")
        return Value({str(key): _located(inner, origin, depth + 1) for key, inner in plain.items()}, origin)
    if isinstance(plain, (list, tuple)):
        return Value([_located(inner, origin, depth + 1) for inner in plain], origin)
    return Value(plain, origin)
