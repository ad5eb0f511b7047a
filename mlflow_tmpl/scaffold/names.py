"""What a project, its folder and its package may be called, and how the latter two follow from the first."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata

from mlflow_tmpl.errors import ScaffoldError

DEFAULT_NAME = "mlo-project"

LONGEST_PROJECT = 60
LONGEST_PACKAGE = 40
"""So that no import line of a template grows past what its formatter lets stand on one line."""

_FOLDER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?").fullmatch
_PACKAGE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_NOT_IN_A_NAME = re.compile(r"[^\w .-]")
_GAPS = re.compile(r"[\s._-]+")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE).fullmatch

_TAKEN = {
    **dict.fromkeys(("conf", "data", "docs", "notebooks", "src", "tests"), "a folder of every project"),
    **dict.fromkeys(
        ("matplotlib", "mlflow_tmpl", "mlo", "numpy", "pandas", "pytest", "sklearn"),
        "a package that projects use",
    ),
}
"""Names that would get into the way even where the package in question is not installed."""


def folder_of(project: str) -> str:
    """Return the folder's name that follows from a project's name.

    Example:
        >>> folder_of("Étude of Penguins_2")
        'etude-of-penguins-2'
    """
    plain = unicodedata.normalize("NFKD", project).encode("ascii", "ignore").decode()
    return _GAPS.sub("-", plain).strip("-").lower()


def package_of(folder: str) -> str:
    """Return the package's name that follows from a folder's name.

    Example:
        >>> package_of("etude-of-penguins-2")
        'etude_of_penguins_2'
    """
    return _GAPS.sub("_", folder).strip("_").lower()


def check_project(name: str) -> str:
    """Return a project's name, or say what is wrong with it.

    Raises:
        ScaffoldError: it is empty, too long, or has characters that no file of a project could carry.
    """
    if not name.strip():
        raise ScaffoldError("a project needs a name", hint="such as 'Penguin Study'")
    if strange := _NOT_IN_A_NAME.search(name):
        raise ScaffoldError(
            f"project name {name!r} has {strange.group()!r} in it",
            hint="use letters, digits, spaces, '-', '_' and '.'; the project is made in the current folder",
        )
    if len(name) > LONGEST_PROJECT:
        raise ScaffoldError(
            f"project name {name!r} is longer than {LONGEST_PROJECT} characters", hint="shorten it"
        )
    if not folder_of(name):
        raise ScaffoldError(
            f"project name {name!r} has no Latin letter or digit", hint="such as 'penguin-study'"
        )
    return name


def check_folder(name: str) -> str:
    """Return a folder's name, which names the distribution too, or say what is wrong with it.

    Raises:
        ScaffoldError: it cannot be a folder on every system, or is no name for a distribution.
    """
    if not _FOLDER(name):
        raise ScaffoldError(
            f"folder name {name!r} is none that can be installed",
            hint="use letters, digits, '-', '_' and '.', with a letter or digit at both ends",
        )
    if _DEVICE(name):
        raise ScaffoldError(f"folder name {name!r} is a device on Windows", hint="choose another")
    if _is_distribution(name):
        raise ScaffoldError(
            f"folder name {name!r} is that of an installed distribution", hint="choose another"
        )
    return name


def check_package(name: str) -> str:
    """Return a package's name, or say what is wrong with it.

    Raises:
        ScaffoldError: it is no identifier, or would hide a module that Python, mlo or this environment has.
    """
    if problem := _problem_of_package(name):
        raise ScaffoldError(
            f"package name {name!r} {problem}", hint="choose another, or give one with --package"
        )
    return name


def _problem_of_package(name: str) -> str:
    if name[:1].isdigit():
        return "begins with a digit"
    if not _PACKAGE(name):
        return "is not made of letters, digits and '_' only"
    if len(name) > LONGEST_PACKAGE:
        return f"is longer than {LONGEST_PACKAGE} characters"
    if keyword.iskeyword(name):
        return "is a keyword of Python"
    if _DEVICE(name):
        return "is a device on Windows"
    if name in sys.stdlib_module_names:
        return "is a module of the standard library"
    if name.lower() in _TAKEN:
        return f"is {_TAKEN[name.lower()]}"
    return "is an installed package" if _is_importable(name) else ""


def _is_importable(name: str) -> bool:
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    # A folder without __init__.py (a namespace, with no origin) may be anything that lies about on the path.
    return spec is not None and spec.origin is not None


def _is_distribution(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):
        return False
    return True
