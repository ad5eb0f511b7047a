"""`mlo pipelines new`: a module with a node, and a test of it."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, project_options


@click.command("new", short_help="Add a module with a node, and a test of it.")
@click.argument("name", metavar="NAME")
@project_options
def command(name: str, **options: Any) -> None:
    """Add a pipeline: a module of that name with a node to begin with, and a test of it. Prints the new files."""
    from mlflow_tmpl.errors import place
    from mlflow_tmpl.scaffold.pipeline import add_pipeline

    project = open_from(options)
    for file in add_pipeline(project.root, project.settings, name):
        click.echo(place(file))
    source = project.root / project.settings.source / project.settings.package
    if (source / "pipelines.py").exists():
        click.echo(
            f"note: {place(source / 'pipelines.py')} says what the pipelines are: take the new nodes in there",
            err=True,
        )
