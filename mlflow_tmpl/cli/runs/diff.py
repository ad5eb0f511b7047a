"""`mlo runs diff`: runs side by side."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import paper_for, print_json, print_lines, project_options, some_ledger


@click.command("diff")
@click.argument("runs", metavar="[RUN RUN...]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(runs: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Compare runs: code, parameters, data, packages, metrics and timings, a column a run.

    The last run and the one before it, unless others are named; one that is named is compared with the last.
    """
    from mlflow_tmpl.history.comparison import compare

    references = {0: ("last~1", "last"), 1: (*runs, "last")}.get(len(runs), runs)
    comparison = compare(some_ledger(options, references[0]), references)
    if as_json:
        print_json(comparison.to_json())
        return
    from mlflow_tmpl.views.comparison import comparison_lines

    print_lines(comparison_lines(comparison, paper_for(sys.stdout)))
