"""`mlo runs rerun`: a past run once more."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, project_options, require_ledger


@click.command("rerun")
@click.argument("run", metavar="RUN", default="last")
@click.option(
    "--code", default="today", metavar="WHEN", show_default=True, help="Whose code: today's or that of then."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(run: str, code: str, as_json: bool, **options: Any) -> int:
    """Repeat a past run with its parameters and its data, and say what could not be as it was.

    It runs in a folder of its own: the project's files stay as they are. What it makes is in the store:
    `mlo runs diff` compares it, `mlo catalog restore` brings it back. The code of a run that was pulled is run only
    where [tool.mlo.store] says trusted = true.
    """
    from mlflow_tmpl.cli.streams import print_document, reserve_stdout

    project = open_from(options)
    require_ledger(project, run)
    document = reserve_stdout() if as_json else None
    done = project.rerun(run, code=code)
    if document is not None:
        print_document(done.to_json(), document)
        return 0 if done.status == "done" else 1
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"run {done.run[:13]} was repeated as {done.id[:13]}: {done.status}")
    if done.same:
        click.echo(f"  the same:   {', '.join(done.same)}")
    if done.different:
        click.echo(f"  different:  {', '.join(done.different)}")
        click.echo(f"  mlo runs diff {done.run[:13]} {done.id[:13]} shows how")
    return 0 if done.status == "done" else 1
