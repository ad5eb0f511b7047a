"""`mlo catalog list`: every dataset in a line."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, known_pipeline
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("list", short_help="List the datasets.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(as_json: bool, **options: Any) -> None:
    """List the datasets: what each is, who makes it, who takes it, and whether it exists."""
    from mlflow_tmpl.views.dataset_lines import list_lines
    from mlflow_tmpl.views.datasets import dataset_rows, pattern_json

    answer = Answer(as_json)
    project = open_from(options)
    project.catalog.check()
    rows = dataset_rows(project.catalog, known_pipeline(project))
    patterns = [pattern_json(each, project.catalog) for each in project.catalog.patterns.ordered]
    answer.give(
        lambda: {"datasets": [row.to_json() for row in rows], "patterns": patterns},
        lambda paper: list_lines(rows, patterns, paper),
        project.secrets,
    )
