"""`mlo runs show`: one run."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import paper_for, print_json, print_lines, project_options, some_ledger


@click.command("show")
@click.argument("run", metavar="RUN", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(run: str, as_json: bool, **options: Any) -> None:
    """Show one run: how it was asked for, and what came of each node."""
    ledger = some_ledger(options, run)
    record = ledger.run(run)
    points = ledger.points(record.id)
    if as_json:
        told = [each.summary() for each in points]
        print_json({**record.to_json(), **({"points": told} if told else {})})
        return
    from mlflow_tmpl.views.runs import run_lines

    print_lines(run_lines(record, paper_for(sys.stdout), points))
