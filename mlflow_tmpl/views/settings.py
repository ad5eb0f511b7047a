"""The values of an entry, each with where it was written and what it overrode; secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.secrets import showable
from mlflow_tmpl.config.values import Resolved
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.masking import MASK, mask_text

if TYPE_CHECKING:
    from mlflow_tmpl.config.values import Value


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of an entry.

    Attributes:
        key: dotted; empty for an entry that is no mapping.
        value: as JSON can hold it.
        where: ``file:line``.
        overrode: values of lower layers, the nearest first, each with its place.
        written: the text with interpolations that the value was made from; empty if there are none.
    """

    key: str
    value: Any
    where: str
    overrode: tuple[tuple[Any, str], ...] = ()
    written: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the setting as plain data."""
        below = [{"value": value, "where": where} for value, where in self.overrode]
        written = {"written": self.written} if self.written else {}
        return {"key": self.key, "value": self.value, "where": self.where, **written, "overrode": below}


def settings_of(entry: Value) -> tuple[Setting, ...]:
    """Return the values of an entry in the order written; what the whole entry overrode comes with the first."""
    if not entry.is_mapping:
        return (_setting("filepath", entry),)
    found = [_setting(key, leaf) for key, leaf in entry.leaves()]
    whole = Setting("", "the whole entry", str(entry.origin), _below("", entry)) if entry.overrode else None
    return (*([whole] if whole else []), *found)


def _setting(key: str, value: Value) -> Setting:
    shown = _shown(key, value)
    written = ""
    if isinstance(value, Resolved) and shown != MASK:  # the default of an interpolation may be a secret
        written = mask_text(value.written)
    return Setting(key, shown, str(value.origin), _below(key, value), written)


def _below(key: str, value: Value) -> tuple[tuple[Any, str], ...]:
    found = []
    below = value.overrode
    while below is not None:
        found.append((_shown(key, below), str(below.origin)))
        below = below.overrode
    return tuple(found)


def _shown(key: str, value: Value) -> Any:
    """Return a value without secrets: one is what any part of its key is named like.

    Credentials that are a text are a name, and no secret.
    """
    shown = value.shown()
    if key == "credentials" and isinstance(shown, str):
        return shown
    parts = key.split(".")
    for part in reversed(parts):
        shown = {part: shown}
    shown = showable(shown)
    for part in parts:
        shown = shown[part] if isinstance(shown, dict) else shown
    return shown
