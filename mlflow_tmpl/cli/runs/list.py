"""`mlo runs list`: the runs, newest first, or by a metric."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import ledger_of, paper_for, print_json, print_lines, project_options, split


@click.command("list")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), metavar="N", default=20, show_default=True, help="How many."
)
@click.option("--status", multiple=True, callback=split, metavar="WORDS", help="Only runs that ended so.")
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    callback=split,
    metavar="NAMES",
    help="Only runs of these pipelines.",
)
@click.option("--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="Only runs that carry this tag.")
@click.option("--since", metavar="WHEN", help="Only runs from then on: 2h, 3d, 2026-01-31.")
@click.option("--sweep", metavar="RUN", default="", help="Only the runs of this sweep.")
@click.option("--metrics", is_flag=True, help="Show the metrics of each run.")
@click.option("--sort", metavar="METRIC", default="", help="Show metrics, the run with the largest first.")
@click.option("--asc", "ascending", is_flag=True, help="With --sort: the smallest first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(limit: int, metrics: bool, sort: str, ascending: bool, as_json: bool, **options: Any) -> None:
    """List the runs, newest first."""
    from mlflow_tmpl.errors import UsageError
    from mlflow_tmpl.ledger.listing import Filter, moment_from

    if ascending and not sort:
        raise UsageError("--asc orders by a metric, and none is named", hint="give --sort METRIC too")
    since = moment_from(options["since"]) if options["since"] else None
    metrics = metrics or bool(sort)
    ledger = ledger_of(options)
    sweep = ledger.run(options["sweep"]).id if options["sweep"] and ledger else ""
    which = Filter(options["status"], options["pipelines"], options["tags"], since, sweep)
    runs = ledger.runs(limit, which, metrics=metrics, sort=sort, ascending=ascending) if ledger else ()
    if as_json:
        print_json([run.summary() for run in runs])
        return
    from mlflow_tmpl.views.runs import leaderboard, runs_table

    paper = paper_for(sys.stdout)
    print_lines(
        leaderboard(runs, paper, sort) if metrics else runs_table(runs, paper, narrowed=which != Filter())
    )
