"""`mlo lineage`: where a version of a dataset came from and what it went into."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, project_options


def _complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    from mlflow_tmpl.cli.completion import names_of

    return names_of("datasets", context.params, incomplete)


@click.command("lineage", short_help="Tell where a dataset came from and what it went into.")
@click.argument("version", metavar="NAME[:VERSION]", shell_complete=_complete)
@click.option("--up", is_flag=True, help="Only where it came from.")
@click.option("--down", is_flag=True, help="Only what it went into.")
@click.option(
    "--openlineage", metavar="FILE|URL", help="Write OpenLineage events there, a line each, or post them."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(
    version: str, up: bool, down: bool, openlineage: str | None, as_json: bool, **options: Any
) -> None:
    """Tell where a version of a dataset came from and what it went into, across runs.

    VERSION is a run, the beginning of a hash, an alias, or `now`; the one that was made or taken last unless given.
    """
    from mlflow_tmpl.cli.catalog.reading import Answer
    from mlflow_tmpl.cli.options import require_ledger
    from mlflow_tmpl.views.lineage import lineage_lines

    answer = Answer(as_json)
    project = open_from(options)
    require_ledger(project, version.partition(":")[2] or "last")
    lineage = project.lineage(version, up=up or not down, down=down or not up)
    if openlineage:
        from mlflow_tmpl import __version__
        from mlflow_tmpl.history.openlineage import deliver, events

        producer = f"https://github.com/mlflow-tmpl/mlflow-tmpl/tree/v{__version__}"
        count = deliver(events(lineage, project.name, producer), openlineage)
        click.echo(f"{count} event{'s' if count != 1 else ''} to {openlineage}", err=True)
        return
    answer.give(lineage.to_json, lambda paper: lineage_lines(lineage, paper))
