"""Which entry a name falls to, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.patterns import why_first
from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from mlflow_tmpl.catalog.patterns import Pattern
    from mlflow_tmpl.config.values import Value


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the catalog has for a name.

    Attributes:
        name: of the dataset.
        value: its entry, with the placeholders of a pattern filled; ``None`` if there is none.
        pattern: the pattern that it falls to; ``None`` if it has an entry of its own, or none at all.
        fitting: all patterns that it fits, the first of which is asked first.
        in_python: whether a program gave the dataset.
    """

    name: str
    value: Value | None
    pattern: Pattern | None
    fitting: tuple[Pattern, ...]
    in_python: bool = False

    @property
    def others(self) -> tuple[Pattern, ...]:
        """The patterns that it fits and does not fall to."""
        return tuple(each for each in self.fitting if each is not self.pattern)

    @property
    def reason(self) -> str:
        """Why it falls to that entry, in a sentence."""
        if self.in_python:
            return "a program gave it"
        if self.value is None:
            return "it has no entry and fits no pattern, so its value stays in memory"
        if self.pattern is None:
            return "it has an entry of its own" + (", which goes before any pattern" if self.others else "")
        if not self.others:
            return f"{self.pattern.text!r} is the only pattern that it fits"
        other = self.others[0]
        if other.is_catch_all:
            return f"{self.pattern.text!r} fits, and {other.text!r} is for what no other pattern fits"
        return f"{self.pattern.text!r} goes before {other.text!r}: {why_first(self.pattern, other)}"

    def to_json(self) -> dict[str, Any]:
        """Return the resolution as plain data."""
        return {
            "name": self.name,
            "pattern": self.pattern.text if self.pattern else None,
            "where": str(self.value.origin) if self.value is not None else None,
            "reason": self.reason,
            "also_fits": [{"pattern": each.text, "where": each.where} for each in self.others],
        }
