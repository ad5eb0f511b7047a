"""`mlo runs`: the runs that the ledger knows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.group import Group
from mlflow_tmpl.cli.options import open_from, paper_for, print_json, print_lines, project_options, tell_notes

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger


@click.group("runs", cls=Group, short_help="List and show past runs.")
def command() -> None:
    """List and show past runs.

    RUN is the beginning of a run's id, `last`, or `last~2` for the second before it.
    """


@command.command("list")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), metavar="N", default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def list_runs(limit: int, as_json: bool, **options: Any) -> None:
    """List the runs, newest first."""
    ledger = _ledger(options)
    runs = ledger.runs(limit) if ledger else ()
    if as_json:
        print_json([run.summary() for run in runs])
        return
    from mlflow_tmpl.views.lines import runs_table

    print_lines(runs_table(runs, paper_for(sys.stdout)))


@command.command("show")
@click.argument("run", metavar="RUN", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def show_run(run: str, as_json: bool, **options: Any) -> None:
    """Show one run: how it was asked for, and what came of each node."""
    from mlflow_tmpl.errors import LedgerError

    ledger = _ledger(options)
    if ledger is None:
        raise LedgerError(f"there is no run {run!r}", hint="mlo run makes the first one")
    record = ledger.run(run)
    if as_json:
        print_json(record.to_json())
        return
    from mlflow_tmpl.views.lines import run_lines

    print_lines(run_lines(record, paper_for(sys.stdout)))


def _ledger(options: dict[str, Any]) -> Ledger | None:
    project = open_from(options)
    if not project.has_ledger:
        return None
    tell_notes(project.ledger)
    return project.ledger
