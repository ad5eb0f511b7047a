"""`mlo store`: what is kept of past outputs; one module a command."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.group import LazyGroup
from mlflow_tmpl.cli.options import open_from, paper_for, print_json, print_lines, project_options, tell_notes

COMMANDS = {
    "push": "Share runs, and what they made, with others.",
    "pull": "Take over what others have shared.",
    "verify": "Read all that is kept, and find what is damaged.",
    "gc": "Remove what is not needed.",
}
"""Name and one-line help of each command."""


@click.group(
    "store",
    cls=LazyGroup,
    package=__package__,
    listed=COMMANDS,
    invoke_without_command=True,
    short_help="Keep, check, clear and share what runs have made.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
@click.pass_context
def command(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Keep, check, clear and share what runs have made; alone it says how much is kept."""
    if context.invoked_subcommand is not None:
        return
    project = open_from(options)
    contents = project.store.contents()
    if project.has_ledger:
        tell_notes(project.ledger)
    if as_json:
        print_json({**contents.to_json(), **project.store.settings()})
        return
    from mlflow_tmpl.views.store import contents_lines

    print_lines(contents_lines(contents, project.store.settings(), paper_for(sys.stdout)))
