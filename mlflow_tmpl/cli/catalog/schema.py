"""`mlo catalog schema`: the JSON Schema of catalog files, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema", short_help="Print the JSON Schema of catalog files.")
def command() -> None:
    """Print the JSON Schema of catalog files, for editors; it knows the types of installed plug-ins."""
    from mlflow_tmpl.catalog.file_schema import catalog_schema
    from mlflow_tmpl.catalog.types import plugins

    click.echo(json.dumps(catalog_schema(plugins()), indent=2))
