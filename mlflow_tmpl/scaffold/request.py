"""What project to make."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.scaffold.answers import Answers
from mlflow_tmpl.scaffold.names import folder_of, package_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """What project to make.

    Attributes:
        name: fills ``project_name``; the names of the folder and the package follow from it. ``None``: the
            default of the starter.
        package: the package's name, if it is not to follow.
        starter: a built-in one, or a folder, git address or zip archive.
        add_ons: for built-in starters only. ``None``: the usual ones.
        checkout: branch, tag or commit of a starter in a git repository.
        directory: folder of the template below the starter.
        answers: further values for the template's variables.
        trust: whether code of a starter that is not built in may run.
        ask: whether a starter that is not built in may ask its own questions.
        parent: the folder to make the project in.
    """

    name: str | None = None
    package: str | None = None
    starter: str = "default"
    add_ons: tuple[str, ...] | None = None
    checkout: str = ""
    directory: str = ""
    answers: Answers = field(default_factory=Answers)
    trust: bool = False
    ask: bool = False
    parent: Path = field(default_factory=Path.cwd)

    def values(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a template's variables are given, each from the nearest to hand.

        The command line goes before the file of answers, and both before what follows from the name. A
        default that the template computes itself (``{{ ... }}``) is left to the template.

        Args:
            variables: the template's, with their defaults.

        Raises:
            ConfigError: an answer to a variable that there is not.
            UsageError: a name or a package, and no variable to put it in.
        """
        self.answers.check(variables)
        values = dict(self.answers.values)
        if self.name is not None:
            values[_first(("project_name", "repo_name"), variables, f"name {self.name!r}")] = self.name
        if self.package is not None:
            values[_first(("package_name",), variables, f"--package {self.package!r}")] = self.package
        for variable, source, follow in _FOLLOWERS:
            if source in values and variable not in values and _is_fixed(variables.get(variable)):
                values[variable] = follow(str(values[source]))
        return values


_FOLLOWERS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("repo_name", "project_name", folder_of),
    ("package_name", "repo_name", package_of),
    ("package_name", "project_name", package_of),
)
"""Variable, the variable that it follows from, and how."""


def _first(wanted: tuple[str, ...], variables: Mapping[str, Any], given: str) -> str:
    for variable in wanted:
        if variable in variables:
            return variable
    raise UsageError(
        f"the starter has no {' or '.join(wanted)} for {given}", hint=f"it has {', '.join(variables)}"
    )


def _is_fixed(default: object) -> bool:
    return isinstance(default, str) and "{{" not in default
