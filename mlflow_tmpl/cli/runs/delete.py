"""`mlo runs delete`: hide runs for good, or bring them back."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import print_json, project_options, some_ledger


@click.command("delete")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Bring back runs that were deleted.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(runs: tuple[str, ...], undo: bool, reason: str, as_json: bool, **options: Any) -> None:
    """Hide runs from lists, from `last` and from comparisons; what they made may then be cleared away.

    Refused for a run that an alias or a pin names. The deletion is recorded and shared like the runs themselves.
    """
    ledger = some_ledger(options, runs[0])
    found = [ledger.find_deleted(run) if undo else ledger.find(run) for run in runs]
    events = ledger.events
    if undo:
        events.undelete(found, reason)
    else:
        events.delete(found, reason)
    if as_json:
        print_json({"undone" if undo else "deleted": found})
        return
    for run in found:
        click.echo(f"{run} is {'back' if undo else 'deleted'}")
