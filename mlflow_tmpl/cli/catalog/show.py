"""`mlo catalog show`: one dataset, each value of its entry with its place."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, known_pipeline, name_argument
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("show", short_help="Show one dataset.")
@name_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, as_json: bool, **options: Any) -> None:
    """Show one dataset: what it is, and each value of its entry with where it was written and what it overrode."""
    from mlflow_tmpl.views.dataset_lines import show_lines
    from mlflow_tmpl.views.datasets import dataset_row
    from mlflow_tmpl.views.settings import settings_of

    answer = Answer(as_json)
    project = open_from(options)
    row = dataset_row(name, project.catalog, known_pipeline(project))
    value = project.catalog.resolve(name).value
    settings = settings_of(value) if value is not None else ()
    answer.give(
        lambda: {**row.to_json(), "settings": [each.to_json() for each in settings]},
        lambda paper: show_lines(row, settings, paper),
        project.secrets,
    )
