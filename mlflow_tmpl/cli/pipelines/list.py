"""`mlo pipelines list`: every pipeline in a line."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("list", short_help="List the pipelines.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(as_json: bool, **options: Any) -> None:
    """List the pipelines, each with its nodes."""
    from mlflow_tmpl.views.tables import table_lines

    answer = Answer(as_json)
    members = open_from(options).members()
    answer.give(
        lambda: [{"name": name, "nodes": list(nodes)} for name, nodes in members.items()],
        lambda paper: table_lines(
            ("PIPELINE", "NODES", "NAMES"),
            [(name, str(len(nodes)), ", ".join(nodes)) for name, nodes in members.items()],
            paper,
            whole={"PIPELINE", "NODES"},
        ),
    )
