"""The built-in starters and add-ons: what there is, and where it lies."""

from __future__ import annotations

import json
from pathlib import Path

import mlflow_tmpl
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import UsageError, did_you_mean

STARTERS = ("default", "penguins")
ADD_ONS = ("lint", "tests", "docs", "docker", "ci", "notebook")
DEFAULT_ADD_ONS = ("lint", "tests")

_PROJECT = "{{cookiecutter.repo_name}}"


@dataclass(frozen=True, slots=True)
class About:
    """What a starter or an add-on says of itself in its ``about.json``.

    Attributes:
        summary: one line for `mlo new --list`.
        requirements: distributions that a project with it needs.
        committed_data: files below ``data/`` that it brings, and that git is to keep.
    """

    summary: str
    requirements: tuple[str, ...] = ()
    committed_data: tuple[str, ...] = ()


def templates_folder() -> Path:
    """Return the folder of the built-in templates: in the package when installed, beside it in a checkout."""
    package = Path(mlflow_tmpl.__file__).parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def base_folder() -> Path:
    """Return the folder of the standard layout, which every built-in starter is laid over."""
    return templates_folder() / "base"


def starter_folder(name: str) -> Path:
    """Return the folder of a built-in starter."""
    return templates_folder() / "starters" / name


def add_on_folder(name: str) -> Path:
    """Return the folder of an add-on."""
    return templates_folder() / "add-ons" / name


def about(folder: Path) -> About:
    """Return what a starter or an add-on says of itself."""
    said = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return About(said["summary"], tuple(said.get("requirements", ())), tuple(said.get("committed_data", ())))


def listing() -> dict[str, list[tuple[str, str]]]:
    """Return the names and summaries of all starters and add-ons."""
    return {
        "Starters": [(name, about(starter_folder(name)).summary) for name in STARTERS],
        "Add-ons": [(name, about(add_on_folder(name)).summary) for name in ADD_ONS],
    }


def layers(starter: str, add_ons: tuple[str, ...]) -> list[Path]:
    """Return the template folders that make up a project, in the order in which they are laid over each other.

    An add-on may have a part of its own in a starter (the tests of its example), and need not bring any file
    (`lint` is a table in the common ``pyproject.toml``).
    """
    own = starter_folder(starter)
    extras = [folder for name in add_ons for folder in (add_on_folder(name), own / "add-ons" / name)]
    return [folder for folder in (base_folder(), own, *extras) if (folder / _PROJECT).is_dir()]


def check_add_ons(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return add-ons in their usual order; ``all`` and ``none`` stand for what they say.

    Raises:
        UsageError: there is no add-on of a name, or ``none`` stands beside others.
    """
    if "none" in names and len(names) > 1:
        raise UsageError("add-on 'none' stands beside others", hint="leave it out, or leave out the rest")
    if names == ("none",):
        return ()
    for name in names:
        if name not in (*ADD_ONS, "all"):
            known = f"there are {', '.join(ADD_ONS)}, and 'all' and 'none'"
            raise UsageError(f"there is no add-on {name!r}", hint=did_you_mean(name, ADD_ONS) or known)
    return tuple(name for name in ADD_ONS if name in names or "all" in names)
