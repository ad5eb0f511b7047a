"""`mlo runs show`: one run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import paper_for, print_json, print_lines, project_options, some_ledger

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger, RunRecord


@click.command("show")
@click.argument("run", metavar="RUN", default="last")
@click.option("--timeline", is_flag=True, help="Show when each node ran.")
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="With --timeline: write a trace for Perfetto (ui.perfetto.dev) or chrome://tracing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(run: str, timeline: bool, output: str | None, as_json: bool, **options: Any) -> None:
    """Show one run: how it was asked for, and what came of each node."""
    if output and (as_json or not timeline):
        from mlflow_tmpl.errors import UsageError

        said = "-o writes a file, --json prints" if as_json else "-o writes a timeline"
        raise UsageError(said, hint="give --timeline -o trace.json")
    ledger = some_ledger(options, run)
    record = ledger.run(run)
    if timeline:
        _show_timeline(record, ledger, output, as_json)
        return
    points = ledger.points(record.id)
    if as_json:
        told = [each.summary() for each in points]
        print_json({**record.to_json(), **({"points": told} if told else {})})
        return
    from mlflow_tmpl.views.runs import run_lines

    print_lines(run_lines(record, paper_for(sys.stdout), points))


def _show_timeline(record: RunRecord, ledger: Ledger, output: str | None, as_json: bool) -> None:
    from mlflow_tmpl.views.timeline import timeline_lines, trace

    if not (output or as_json):
        print_lines(timeline_lines(record, paper_for(sys.stdout)))
        return
    document = trace(record, ledger.surroundings(record.id).nodes)
    if as_json:
        print_json(document)
        return
    import json
    from pathlib import Path

    from mlflow_tmpl.cli.viz import write_file

    assert output is not None
    write_file(Path(output), json.dumps(document, ensure_ascii=False).encode())
    click.echo(output)
