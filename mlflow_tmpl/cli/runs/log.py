"""`mlo runs log`: what happened in a run, in the order of time, and what its nodes printed."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import paper_for, print_json, print_lines, project_options, some_ledger, split


@click.command("log")
@click.argument("run", metavar="RUN", default="last")
@click.option("--nodes", multiple=True, callback=split, metavar="NAMES", help="Only of these nodes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(run: str, nodes: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Tell what happened in a run in the order of time: nodes, what they printed and logged, errors, events."""
    from mlflow_tmpl.errors import UsageError, did_you_mean

    ledger = some_ledger(options, run)
    log = ledger.log(run)
    known = [entry.node for entry in log if entry.node]
    for name in nodes:
        if name not in known:
            raise UsageError(f"run {run!r} has no node {name!r}", hint=did_you_mean(name, known))
    if nodes:
        log = [entry for entry in log if entry.node in nodes]
    if as_json:
        print_json([entry.to_json() for entry in log])
        return
    from mlflow_tmpl.views.logs import log_lines

    print_lines(log_lines(log, paper_for(sys.stdout)))
