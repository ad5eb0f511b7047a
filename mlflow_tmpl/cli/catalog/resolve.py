"""`mlo catalog resolve`: which entry or pattern a name falls to, and why."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, name_argument
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("resolve", short_help="Say which entry a name falls to.")
@name_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, as_json: bool, **options: Any) -> None:
    """Say which entry or pattern a name falls to, why, and what else it fits; no dataset has to be of that name."""
    from mlflow_tmpl.views.dataset_lines import resolution_lines
    from mlflow_tmpl.views.settings import settings_of

    answer = Answer(as_json)
    project = open_from(options)
    found = project.catalog.resolve(name)
    settings = settings_of(found.value) if found.value is not None else ()
    answer.give(
        lambda: {**found.to_json(), "settings": [each.to_json() for each in settings]},
        lambda paper: resolution_lines(found, settings, paper),
        project.secrets,
    )
