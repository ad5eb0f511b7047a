"""Entries whose names have placeholders (``features_{species}``), and which of them a name falls to."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_tmpl.config.values import Value

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LITERAL = re.compile(r"[\w.-]*(@[\w.-]*)?").fullmatch
_MATCHED = r"[\w.-]+?"
"""What a placeholder stands for: as little as will do, and never the ``@`` of a view."""

_FILLED = re.compile(r"\{\{(\w+)\}\}|(?<!\$)\{([^\W\d]\w*)\}")
"""In a text of a pattern's entry: ``{{word}}`` for ``{word}`` as it is, or a placeholder."""

_PARTS = re.compile(r"[/\\]").split


def is_pattern(name: str) -> bool:
    """Tell whether the name of an entry has placeholders.

    Example:
        >>> is_pattern("features_{species}"), is_pattern("features")
        (True, False)
    """
    return "{" in name or "}" in name


@dataclass(frozen=True)
class Pattern:
    """An entry for all datasets whose names fit.

    Attributes:
        text: the name as it is written, such as ``features_{species}``.
        value: the entry, its placeholders not filled.
        literals: what stands before, between and after the placeholders.
        placeholders: their names, in order.
    """

    text: str
    value: Value
    literals: tuple[str, ...]
    placeholders: tuple[str, ...]

    @classmethod
    def of(cls, text: str, value: Value) -> Pattern:
        """Return the pattern of an entry.

        Raises:
            CatalogError: it is no pattern, its placeholders touch, or its entry uses one that it has not.
        """
        parts = _PLACEHOLDER.split(text)
        made = cls(text, value, tuple(parts[::2]), tuple(parts[1::2]))
        made._check()
        return made

    @property
    def where(self) -> str:
        """``file:line:column`` of the entry."""
        return str(self.value.key_origin)

    @property
    def is_catch_all(self) -> bool:
        """Whether every name fits."""
        return self.skeleton == "{}"

    @cached_property
    def skeleton(self) -> str:
        """The pattern without the names of its placeholders: what decides which names fit."""
        return "{}".join(self.literals)

    @property
    def specificity(self) -> tuple[int, int]:
        """How many characters are given, and by how many placeholders the rest is told apart."""
        return sum(map(len, self.literals)), len(self.placeholders)

    @property
    def rank(self) -> tuple[int, int, str]:
        """What patterns are sorted by, the one that is asked first having the least."""
        literal, placeholders = self.specificity
        return -literal, -placeholders, self.text

    def expression(self, prefix: str) -> str:
        """Return a regular expression whose groups are the placeholders; one that comes again is the same text."""
        seen: set[str] = set()
        found = re.escape(self.literals[0])
        for name, literal in zip(self.placeholders, self.literals[1:], strict=True):
            group = f"{prefix}_{name}"
            found += f"(?P={group})" if name in seen else f"(?P<{group}>{_MATCHED})"
            found += re.escape(literal)
            seen.add(name)
        return found

    def filled(self, name: str, values: Mapping[str, str]) -> Value:
        """Return the entry of a dataset, every placeholder in its texts filled.

        Raises:
            CatalogError: a value would lead out of the folder that the entry names.
        """
        return _Filling(self, name, values).fill(self.value)

    def _check(self) -> None:
        legal = all(map(_LITERAL, self.literals)) and "".join(self.literals).count("@") <= 1
        if not legal or not all(name.isidentifier() for name in self.placeholders):
            raise self._error(
                f"{self.text!r} is no pattern for names",
                "write letters, digits, '_', '.', '-', at most one '@view', and placeholders like {name}",
            )
        if "" in self.literals[1:-1]:
            at = self.literals.index("", 1)
            one, other = self.placeholders[at - 1], self.placeholders[at]
            raise self._error(
                f"the placeholders {one!r} and {other!r} of pattern {self.text!r} touch",
                "put a character between them that tells where one ends",
            )
        for value, name in _used(self.value):
            if name not in self.placeholders:
                raise CatalogError(
                    f"pattern {self.text!r} has no placeholder {name!r}",
                    where=str(value.origin),
                    hint=did_you_mean(name, self.placeholders)
                    or f"for braces that are meant as they are, write {{{{{name}}}}}",
                )

    def _error(self, message: str, hint: str) -> CatalogError:
        return CatalogError(message, where=self.where, hint=hint)


@dataclass(frozen=True, slots=True)
class _Filling:
    pattern: Pattern
    name: str
    values: Mapping[str, str]

    def fill(self, value: Value) -> Value:
        data = value.data
        if isinstance(data, str):
            return replace(value, data=self._text(data, value)) if "{" in data else value
        if isinstance(data, dict):
            return replace(value, data={key: self.fill(inner) for key, inner in data.items()})
        if isinstance(data, list):
            return replace(value, data=[self.fill(inner) for inner in data])
        return value

    def _text(self, text: str, value: Value) -> str:
        filled = _FILLED.sub(lambda found: self.values[found[2]] if found[2] else f"{{{found[1]}}}", text)
        for written, part in zip(_PARTS(text), _PARTS(filled), strict=True):
            if part != written and part in {".", ".."}:
                raise CatalogError(
                    f"dataset {self.name!r} fits pattern {self.pattern.text!r}, and would lead out of {text!r}",
                    where=str(value.origin),
                    hint="give the dataset another name, or an entry of its own",
                )
        return filled


def _used(value: Value) -> Iterator[tuple[Value, str]]:
    """Yield the placeholders that the texts of an entry use, each with its text."""
    data = value.data
    if isinstance(data, str):
        yield from ((value, found[2]) for found in _FILLED.finditer(data) if found[2])
    elif isinstance(data, (dict, list)):
        for inner in data.values() if isinstance(data, dict) else data:
            yield from _used(inner)


class Patterns:
    """The patterns of a catalog in the order in which they are asked.

    All are one regular expression, so that a name is looked at once however many there are.

    Args:
        entries: patterns as they are written, with their entries.

    Raises:
        CatalogError: one of them is wrong, or two are equal but for the names of their placeholders.
    """

    def __init__(self, entries: Mapping[str, Value]) -> None:
        found = [Pattern.of(text, value) for text, value in entries.items()]
        _refuse_equal(found)
        self.ordered: tuple[Pattern, ...] = tuple(sorted(found, key=lambda each: each.rank))

    @cached_property
    def _any(self) -> re.Pattern[str]:
        each = [f"(?P<p{at}>{pattern.expression(f'p{at}')})" for at, pattern in enumerate(self.ordered)]
        return re.compile("|".join(each))

    def find(self, name: str) -> tuple[Pattern, Value] | None:
        """Return the pattern that a name falls to, with the entry that it gives; ``None`` if none fits.

        Raises:
            CatalogError: the entry would lead out of its folder.
        """
        match = self._any.fullmatch(name) if self.ordered else None
        if match is None:
            return None
        at = str(match.lastgroup)
        pattern = self.ordered[int(at[1:])]
        values = {each: match[f"{at}_{each}"] for each in pattern.placeholders}
        return pattern, pattern.filled(name, values)

    def fitting(self, name: str) -> tuple[Pattern, ...]:
        """Return all patterns that a name fits, the one that it falls to first."""
        return tuple(each for each in self.ordered if re.fullmatch(each.expression("p"), name))


def _refuse_equal(patterns: list[Pattern]) -> None:
    known: dict[str, Pattern] = {}
    for pattern in patterns:
        other = known.setdefault(_told_apart(pattern), pattern)
        if other is not pattern:
            raise CatalogError(
                f"the patterns {other.text!r} and {pattern.text!r} differ only in the names of placeholders",
                where=pattern.where,
                hint=f"remove one of them; the other is declared at {other.where}",
            )


def _told_apart(pattern: Pattern) -> str:
    """Return the pattern with its placeholders by number: ``{a}_{a}`` fits other names than ``{a}_{b}``."""
    numbers: dict[str, int] = {}
    told = pattern.literals[0]
    for name, literal in zip(pattern.placeholders, pattern.literals[1:], strict=True):
        told += f"{{{numbers.setdefault(name, len(numbers))}}}{literal}"
    return told


def why_first(winner: Pattern, other: Pattern) -> str:
    """Return why one pattern that fits is asked before another.

    Example:
        >>> from mlflow_tmpl.config.values import Origin, located
        >>> one, other = (Pattern.of(text, located("x.csv", Origin("f"))) for text in ("a_{b}", "{c}"))
        >>> why_first(one, other)
        'it has 2 characters of its own, the other 0'
    """
    literal, placeholders = winner.specificity
    other_literal, other_placeholders = other.specificity
    if literal != other_literal:
        plural = "" if literal == 1 else "s"
        return f"it has {literal} character{plural} of its own, the other {other_literal}"
    if placeholders != other_placeholders:
        return f"it has {placeholders} placeholders, the other {other_placeholders}"
    return "it comes first in the alphabet"
