"""Projects from the built-in starters: the standard layout, the starter and the add-ons, laid over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl import __version__
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.scaffold import render
from mlflow_tmpl.scaffold.names import check_folder, check_package, check_project
from mlflow_tmpl.scaffold.shelf import (
    DEFAULT_ADD_ONS,
    about,
    add_on_folder,
    base_folder,
    check_add_ons,
    layers,
    starter_folder,
)
from mlflow_tmpl.scaffold.source import CONTEXT_FILE
from mlflow_tmpl.scaffold.staging import check_free
from mlflow_tmpl.scaffold.trust import read_context

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.scaffold.request import Request


@dataclass(frozen=True, slots=True)
class Names:
    """What a project is called.

    Attributes:
        project: for people.
        folder: of the folder and of the distribution.
        package: of the Python package.
    """

    project: str
    folder: str
    package: str


def make_built_in(request: Request, staged: Path) -> tuple[Path, tuple[str, ...]]:
    """Make a project of a built-in starter in a staging folder.

    Returns:
        Its folder, and the add-ons that it has.

    Raises:
        MloError: a name or an option will not do, or the place is taken.
    """
    for option, value in (("--checkout", request.checkout), ("--directory", request.directory)):
        if value:
            raise UsageError(f"{option} goes with a starter of your own, and {request.starter!r} is built in")
    add_ons = check_add_ons(DEFAULT_ADD_ONS if request.add_ons is None else request.add_ons)
    names = names_of(request)
    stack = layers(request.starter, add_ons)
    context = _context(request, names, add_ons)
    for layer in stack:
        render.render(layer, context, staged)
    render.remove_bytecode(staged)
    return staged / names.folder, add_ons


def names_of(request: Request) -> Names:
    """Return the names that a project of a built-in starter would have.

    Raises:
        MloError: one of them will not do, or the place is taken.
    """
    variables = read_context(base_folder() / CONTEXT_FILE)
    given = {**variables, **request.values(variables)}
    names = Names(*(str(given[variable]) for variable in ("project_name", "repo_name", "package_name")))
    check_project(names.project)
    check_folder(names.folder)
    check_free(request.parent / names.folder)
    check_package(names.package)
    return names


def _context(request: Request, names: Names, add_ons: tuple[str, ...]) -> dict[str, Any]:
    starter = about(starter_folder(request.starter))
    extras = [about(add_on_folder(name)).requirements for name in add_ons]
    values = {"project_name": names.project, "repo_name": names.folder, "package_name": names.package}
    private = {
        "_starter": request.starter,
        "_add_ons": list(add_ons),
        "_mlo_version": __version__,
        "_requirements": list(starter.requirements),
        "_committed_data": list(starter.committed_data),
        "_dev_requirements": [requirement for extra in extras for requirement in extra],
    }
    return render.complete(base_folder(), values, ask=False, private=private)
