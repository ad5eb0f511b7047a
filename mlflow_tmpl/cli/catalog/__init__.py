"""`mlo catalog`: the datasets, and what is in them; one module a command."""

from __future__ import annotations

import click

from mlflow_tmpl.cli.group import LazyGroup

COMMANDS = {
    "list": "List the datasets: what each is, who makes it, who takes it, and whether it exists.",
    "show": "Show one dataset: each value of its entry, and where it was written.",
    "preview": "Show what is in a dataset.",
    "history": "List every version of a dataset: which run made it, and whether the store has it.",
    "diff": "Compare two versions of a dataset.",
    "restore": "Bring back a version of a dataset; the present content is kept.",
    "resolve": "Say which entry or pattern a name falls to, and why.",
    "schema": "Print the JSON Schema of catalog files, for editors.",
}
"""Name and one-line help of each command."""


@click.group(
    "catalog",
    cls=LazyGroup,
    package=__package__,
    listed=COMMANDS,
    short_help="List, show, preview, compare and restore datasets.",
)
def command() -> None:
    """List, show, preview, compare and restore datasets."""
