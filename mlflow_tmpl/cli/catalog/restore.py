"""`mlo catalog restore`: bring back a version of a dataset."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, name_argument
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("restore", short_help="Bring back a version of a dataset.")
@name_argument
@click.argument("version", metavar="VERSION")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, version: str, as_json: bool, **options: Any) -> None:
    """Bring back a version of a dataset; the present content is kept in the store first.

    VERSION is a run, the beginning of a hash, or an alias. An output that was brought back gives way to the newest
    again in the next run that needs it: what a node makes is what its code and inputs say.
    """
    from mlflow_tmpl.cli.options import require_ledger
    from mlflow_tmpl.history.versions import restore

    answer = Answer(as_json)
    project = open_from(options)
    require_ledger(project, version)
    done = restore(project.ledger, project.catalog, project.shelf, name, version)
    again = (
        f" (instead of {name}:{done.replaced[:10]})" if done.replaced not in {"", done.fingerprint} else ""
    )
    held = "holds already" if done.replaced == done.fingerprint else "holds"
    answer.give(done.to_json, lambda _: [f"{done.place} {held} {name}:{done.fingerprint[:10]}{again}"])
