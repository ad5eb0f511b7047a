"""`mlo runs list`: the runs, newest first."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import ledger_of, paper_for, print_json, print_lines, project_options


@click.command("list")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), metavar="N", default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(limit: int, as_json: bool, **options: Any) -> None:
    """List the runs, newest first."""
    ledger = ledger_of(options)
    runs = ledger.runs(limit) if ledger else ()
    if as_json:
        print_json([run.summary() for run in runs])
        return
    from mlflow_tmpl.views.lines import runs_table

    print_lines(runs_table(runs, paper_for(sys.stdout)))
