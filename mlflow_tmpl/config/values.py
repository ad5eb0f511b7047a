"""Values that know where they were written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, place
from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 100
"""How deep values may be nested; well below what recursion can follow."""

REPLACE = "_replace_"
"""A key of a mapping that takes the place of what lower layers have, instead of being merged with it."""


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

    def shown(self) -> Any:
        """Return the same as `plain` for everyone to see: what an environment variable gave is ``env:NAME``."""
        data = self.data
        if type(data) is dict:
            return {key: value.shown() for key, value in data.items()}
        if type(data) is list:
            return [value.shown() for value in data]
        return data

    def counted(self) -> Any:
        """Return the same as `shown`, with a hash of what is not shown: what two states are told apart by."""
        data = self.data
        if type(data) is dict:
            return {key: value.counted() for key, value in data.items()}
        if type(data) is list:
            return [value.counted() for value in data]
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


@dataclass(frozen=True, slots=True)
class Whole(Value):
    """A value that is not merged with what lower layers have: it takes the place of it."""


@dataclass(frozen=True, slots=True)
class Resolved(Value):
    """What an interpolation gave, at the place where that is written.

    Attributes:
        written: the text with the interpolation.
        hidden: what is shown instead where an environment variable has a part in it, such as ``env:BUCKET/raw.csv``.
    """

    written: str = ""
    hidden: str = ""

    def shown(self) -> Any:
        """Return the data, or what is shown instead."""
        return self.hidden or Value.shown(self)

    def counted(self) -> Any:
        """Return the data, or what is shown instead with a hash of the data."""
        if not self.hidden:
            return Value.counted(self)
        return f"{self.hidden}#{digest(repr(self.plain()))[:16]}"


@dataclass(frozen=True, slots=True)
class Unresolved(Value):
    """A text whose interpolation leads nowhere: no error for as long as nobody needs the value.

    Attributes:
        error: what is wrong with it.
    """

    error: ConfigError | None = None

    def plain(self) -> Any:
        """Refuse.

        Raises:
            ConfigError: what is wrong.
        """
        assert self.error is not None
        raise self.error


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
        return marked(
            Value({str(key): _located(inner, origin, depth + 1) for key, inner in plain.items()}, origin)
        )
    if isinstance(plain, (list, tuple)):
        return Value([_located(inner, origin, depth + 1) for inner in plain], origin)
    return Value(plain, origin)


def marked(value: Value) -> Value:
    """Return a mapping without the key `REPLACE`, as a `Whole` if it says so; anything else as it is.

    Raises:
        ConfigError: it says something else than true or false.
    """
    mark = value.data.get(REPLACE) if value.is_mapping else None
    if mark is None:
        return value
    if not isinstance(mark.data, bool):
        hint = "with true the mapping takes the place of what lower layers have"
        raise ConfigError(f"key {REPLACE!r} must be true or false", where=str(mark.origin), hint=hint)
    data = {key: inner for key, inner in value.data.items() if key != REPLACE}
    return (Whole if mark.data else Value)(data, value.origin, value.overrode, value.key)


def marked_below(value: Value) -> Value:
    """Return a value with `marked` applied to it and all that is in it."""
    data = value.data
    if type(data) is dict:
        value = replace(value, data={key: marked_below(inner) for key, inner in data.items()})
    elif type(data) is list:
        value = replace(value, data=[marked_below(inner) for inner in data])
    return marked(value)
