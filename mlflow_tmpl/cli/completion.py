"""Names for the shell to complete: of pipelines, nodes, datasets and environments."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_tmpl.project import Project


def names_of(kind: str, given: Mapping[str, Any], incomplete: str) -> list[str]:
    """Return the names of a kind that begin as typed; none where the project cannot be loaded.

    Args:
        kind: ``pipelines``, ``nodes``, ``datasets`` or ``environments``.
        given: options that were typed so far.
        incomplete: what was typed of the name; what stands before its last comma stays.
    """
    from mlflow_tmpl.cli.options import open_from

    options = {"project": None, "env": None, "pipelines": (), **given}
    before, comma, start = incomplete.rpartition(",")
    try:
        with (
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):  # what modules say when they are imported
            names = _names(kind, open_from(options), options)
            return [f"{before}{comma}{name}" for name in names if name.startswith(start)]
    except (Exception, SystemExit):  # noqa: BLE001 (a shell that waits for a completion can show no error)
        return []


def _names(kind: str, project: Project, given: Mapping[str, Any]) -> Iterable[str]:
    if kind == "pipelines":
        return project.pipeline_names
    if kind == "environments":
        folder = project.root / project.settings.config
        return sorted(
            {path.name for path in folder.iterdir() if path.is_dir()} | set(project.settings.environments)
        )
    pipeline = project.outline(*(given.get("pipelines") or ()))
    if kind == "nodes":
        return [node.name for node in pipeline]
    return dict.fromkeys([*pipeline.datasets, *project.catalog])
