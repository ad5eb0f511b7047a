"""`mlo runs pin`: keep a run, and what it made, whatever is cleared away."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import print_json, project_options, some_ledger


@click.command("pin")
@click.argument("run", metavar="RUN")
@click.option("--remove", is_flag=True, help="Let it go again.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(run: str, remove: bool, reason: str, as_json: bool, **options: Any) -> None:
    """Keep a run and what it made: it cannot be deleted, and its outputs stay in the store."""
    from mlflow_tmpl.errors import UsageError
    from mlflow_tmpl.ledger.events import PIN, run_subject

    ledger = some_ledger(options, run)
    found = ledger.find(run)
    if remove and found not in ledger.events.pinned():
        raise UsageError(f"run {run!r} is not pinned", hint="mlo runs alias lists what is named instead")
    ledger.events.add(PIN, run_subject(found), "", None if remove else "pinned", reason)
    if as_json:
        print_json({"id": found, "pinned": not remove})
    else:
        click.echo(f"{found} is {'no longer pinned' if remove else 'pinned'}")
