"""Checks of a project: settings, configuration, catalog, code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.doctor import machine
from mlflow_tmpl.doctor.finding import GOOD, NOTE, Finding, of_error
from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_tmpl.project import Project


def examine(open_project: Callable[[str | None], Project]) -> Iterator[Finding]:
    """Yield what all checks find, one after the other; one that fails stops no other.

    Args:
        open_project: opens the project in an environment.
    """
    yield from machine.python()
    try:
        project = open_project(None)
    except MloError as error:
        yield of_error("project", error)
        return
    yield Finding("project", GOOD, f"{project.name} at {project.root}")
    yield from machine.records(project)
    yield from machine.ledger(project)
    yield from remembered(project)
    yield from configuration(project, open_project)
    yield from catalog(project)
    yield from code(project)
    yield from hooks(project)
    for check in (machine.leftovers, machine.git, machine.disk):
        try:
            yield from check(project)
        except MloError as error:
            yield of_error(check.__name__, error)


def configuration(project: Project, open_project: Callable[[str | None], Project]) -> Iterator[Finding]:
    """Read the configuration of every environment."""
    sound = True
    names = _environments(project)
    for name in names:
        title = f"configuration {name!r}" if name else "configuration"
        try:
            chosen = open_project(name)
            chosen.config.parameters.plain()
            chosen.catalog.check()
        except MloError as error:
            sound = False
            yield of_error(title, error)
    if sound:
        yield Finding("configuration", GOOD, f"sound in {', '.join(name or 'the default' for name in names)}")


def _environments(project: Project) -> list[str | None]:
    folder = project.root / project.settings.config
    found = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    named = {name for name in found if not name.startswith((".", "__"))} | set(project.settings.environments)
    return [None, *sorted(named - {"base", "local"})]


def catalog(project: Project) -> Iterator[Finding]:
    """Build every dataset: its package, its credentials and its schema have to be there."""
    try:
        names = list(project.catalog)
    except MloError:
        return  # told with the configuration
    wrong = False
    for name in names:
        try:
            project.catalog.dataset(name)
            schema = project.catalog.schema(name)
            if schema is not None:
                schema.check()
        except MloError as error:
            wrong = True
            yield of_error(f"dataset {name!r}", error)
    if not wrong:
        yield Finding("catalog", GOOD, f"{len(names)} datasets, each with what it needs")


def code(project: Project) -> Iterator[Finding]:
    """Import every pipeline."""
    try:
        names = list(project.pipelines)
    except MloError as error:
        yield of_error("pipelines", error)
        return
    told: set[str] = set()
    for name in sorted(names, key=lambda name: name.startswith("__")):
        try:
            project.pipeline(name)
        except MloError as error:
            if str(error) not in told:
                told.add(str(error))
                yield of_error(f"pipeline {name!r}", error)
    if not told:
        yield Finding("pipelines", GOOD, f"{len(names)} can be imported: {', '.join(names)}")


def hooks(project: Project) -> Iterator[Finding]:
    """Load the hooks, where there are any."""
    from mlflow_tmpl.hooks.points import NoHooks

    found = project.hooks
    if isinstance(found, NoHooks):
        return
    try:
        names = sorted({call.name for calls in found.calls.values() for call in calls})
    except MloError as error:
        yield of_error("hooks", error)
        return
    for text in found.left_out:
        yield Finding("hooks", NOTE, text, "install it anew, or remove it")
    if names:
        yield Finding("hooks", GOOD, f"loaded: {', '.join(names)}")


def remembered(project: Project) -> Iterator[Finding]:
    """Tell whether plans are made without importing the project, and if not, why."""
    name = "remembered pipelines"
    if not project.has_ledger:
        yield Finding(name, GOOD, "nothing was run yet")
        return
    try:
        project.outline()
    except MloError:
        yield Finding(name, NOTE, "the pipelines cannot be loaded")
        return
    why = project.why_loaded
    if why:
        hint = "what changes each time belongs into nodes; until then plans take the time that imports take"
        yield Finding(name, NOTE, f"every plan loads the project: {why}", hint)
    else:
        yield Finding(name, GOOD, "plans load the project only after it was changed")
