"""`mlo runs cancel`: stop a run from another terminal."""

from __future__ import annotations

import time
from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, print_json, project_options, tell_notes

PATIENCE_S = 10.0
"""How long to wait for the run to end before saying that it has not yet."""


@click.command("cancel")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(run: str, as_json: bool, **options: Any) -> int:
    """Stop a run as Ctrl-C would: what had finished is kept."""
    from mlflow_tmpl.errors import LedgerError

    project = open_from(options)
    if not project.has_ledger:
        raise LedgerError(f"there is no run {run!r}", hint="mlo run makes the first one")
    tell_notes(project.ledger)
    run_id = project.cancel(run)
    deadline = time.monotonic() + PATIENCE_S
    while (record := project.ledger.run(run_id)).status == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    if as_json:
        print_json(record.summary())
    elif record.status == "running":
        busy = ", ".join(node.name for node in record.nodes if node.status == "running")
        click.echo(f"run {record.short_id} is asked to stop, and {busy or 'it'} has not let go yet")
    else:
        click.echo(f"run {record.short_id} is {record.status}")
    return 0
