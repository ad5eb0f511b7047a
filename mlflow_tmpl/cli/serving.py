"""`mlo viz --serve`: the live page."""

from __future__ import annotations

import secrets
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import open_from, selectors_from
from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_tmpl.project import Project
    from mlflow_tmpl.views.server.app import Site

NEEDS = ("starlette", "uvicorn")


def serve_page(options: dict[str, Any], output: str | None, *, as_json: bool) -> None:
    """Serve the live page until the process is asked to end.

    Raises:
        UsageError: the options contradict each other, a package is missing, or the port is taken.
        MloError: the project cannot be drawn.
    """
    from mlflow_tmpl.cli.viz import graph_of
    from mlflow_tmpl.views.json import to_json

    _check(output, as_json)
    asked = options["pipelines"]
    project = open_from(options)
    known = click.get_current_context().ensure_object(Secrets)
    graph = known.mask_known(to_json(graph_of(project, options, code=True), indent=0))
    site = _site(project, options, [name for name in asked if name.endswith(".py")])
    from mlflow_tmpl.views.server.serve import address_of, bind, serve

    host, token = options["host"], secrets.token_urlsafe(24)
    bound = bind(host, options["port"])
    address = address_of(bound, host, token)

    def ready() -> None:
        click.echo(address)
        sys.stdout.flush()
        click.echo("Ctrl-C ends the page, and the runs that were started from it", err=True)
        if not options["no_open"]:
            import webbrowser

            webbrowser.open(address)

    with bound:
        serve(site, graph, bound, host, token, ready)


def _check(output: str | None, as_json: bool) -> None:
    if output or as_json:
        other = "-o writes a file" if output else "--json prints the graph"
        raise UsageError(f"--serve opens the live page, {other}", hint="give one of them")
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the live page needs the package {missing[0]!r}", hint="pip install 'mlflow-tmpl[viz]'"
        )


def _site(project: Project, options: dict[str, Any], files: list[str]) -> Site:
    from mlflow_tmpl.views.server.app import Site
    from mlflow_tmpl.views.server.child import Place

    shown = [
        f"--{name.replace('_', '-')}={','.join(names)}" for name, names in selectors_from(options).items()
    ]
    shown += ["--", *options["pipelines"]]
    place = Place(project.root, tuple(_for_all(project, options, files)))
    return Site(place, tuple(shown), tuple(_watched(project)), options["read_only"])


def _for_all(project: Project, options: dict[str, Any], files: list[str]) -> Iterator[str]:
    """Yield the options that say which project every command is about."""
    import os

    if files:
        yield f"--project={project.root / os.path.basename(files[0])}"
    if options["env"]:
        yield f"--env={options['env']}"
    if options["conf_source"]:
        source = options["conf_source"]
        yield f"--conf-source={source if '://' in source else os.path.abspath(source)}"


def _watched(project: Project) -> Iterator[Path]:
    settings = project.settings
    if settings.source == ".":  # a single file: its folder may hold anything
        yield project.root / f"{settings.package}.py"
    else:
        yield project.root / settings.source
    yield project.root / settings.config
    yield project.root / "pyproject.toml"
