"""Answers given in a file instead of at the prompt (`mlo new --config FILE`)."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlflow_tmpl.config import Value

_SECTION = "default_context"
_SETTINGS = ("cookiecutters_dir", "replay_dir", "abbreviations")
"""What else cookiecutter's own configuration file may hold; it has no meaning here, as nothing is kept."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Values for a template's variables.

    Attributes:
        values: by variable.
        places: ``file:line:column`` of each.
        shared: whether they are meant for many templates (cookiecutter's ``default_context``), so that a
            variable which this one does not have is no mistake.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False

    def check(self, known: Iterable[str]) -> None:
        """Refuse an answer to nobody's question.

        Raises:
            ConfigError: there is no such variable.
        """
        names = sorted(name for name in known if not name.startswith("_"))
        for name in () if self.shared else self.values:
            if name not in names:
                hint = did_you_mean(name, names) or f"it has {', '.join(names)}"
                raise ConfigError(f"the starter has no variable {name!r}", where=self.places[name], hint=hint)


def read_answers(file: Path) -> Answers:
    """Return the answers in a YAML file: cookiecutter's ``default_context`` or a flat mapping.

    Raises:
        ConfigError: the file is missing, cannot be read as YAML, or holds something else.
    """
    from mlflow_tmpl.config import read_yaml

    if not file.is_file():
        raise ConfigError(f"configuration file {str(file)!r} does not exist")
    content = read_yaml(file)
    section = content.get(_SECTION)
    answers = _mapping(section or content)
    kept = {name: value for name, value in answers.items() if section or name not in _SETTINGS}
    places = {name: str(value.origin) for name, value in kept.items()}
    return Answers({name: value.plain() for name, value in kept.items()}, places, shared=section is not None)


def _mapping(value: Value) -> dict[str, Value]:
    if not isinstance(value.data, dict):
        raise ConfigError("a mapping from variables to values is needed here", where=str(value.origin))
    return value.data
