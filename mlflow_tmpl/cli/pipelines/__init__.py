"""`mlo pipelines`: what pipelines a project has, and a new one."""

from __future__ import annotations

import click

from mlflow_tmpl.cli.group import LazyGroup

COMMANDS = {
    "list": "List the pipelines.",
    "show": "Show one pipeline: what its nodes take and give.",
    "new": "Add a module with a node, and a test of it.",
}
"""Name and one-line help of each command."""


@click.group(
    "pipelines",
    cls=LazyGroup,
    package=__package__,
    listed=COMMANDS,
    short_help="List, show and add pipelines.",
)
def command() -> None:
    """List, show and add pipelines.

    A pipeline is a module with nodes, or what register_pipelines() returns under a name.
    """
