"""`mlo catalog history`: every version of a dataset."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, name_argument
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("history", short_help="List the versions of a dataset.")
@name_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, as_json: bool, **options: Any) -> None:
    """List every version of a dataset: which run made it, how much it holds, and whether the store has it."""
    from mlflow_tmpl.history.versions import history
    from mlflow_tmpl.views.versions import history_lines

    answer = Answer(as_json)
    project = open_from(options)
    versions = history(project.ledger, project.catalog, project.shelf, name) if project.has_ledger else []
    answer.give(
        lambda: [version.to_json() for version in versions],
        lambda paper: history_lines(name, versions, paper),
    )
