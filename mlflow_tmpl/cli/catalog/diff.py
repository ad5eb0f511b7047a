"""`mlo catalog diff`: what differs between two versions of a dataset."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, name_argument
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("diff", short_help="Compare two versions of a dataset.")
@name_argument
@click.argument("before", metavar="VERSION")
@click.argument("after", metavar="[VERSION]", default="now")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, before: str, after: str, as_json: bool, **options: Any) -> None:
    """Compare two versions of a dataset: rows and columns, places in a document, lines of a text, or bytes.

    VERSION is a run, the beginning of a hash, an alias, or `now` for what lies there at present.
    """
    from mlflow_tmpl.cli.options import require_ledger
    from mlflow_tmpl.history.versions import diff
    from mlflow_tmpl.views.versions import difference_lines

    answer = Answer(as_json)
    project = open_from(options)
    require_ledger(project, before)
    compared = diff(project.ledger, project.catalog, project.shelf, name, before, after)
    answer.give(compared.to_json, lambda paper: difference_lines(compared, paper))
