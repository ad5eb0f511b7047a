"""`mlo runs`: the runs that the ledger knows; one module a command."""

from __future__ import annotations

import click

from mlflow_tmpl.cli.group import LazyGroup

COMMANDS = {
    "list": "List the runs, newest first.",
    "show": "Show one run: how it was asked for, and what came of each node.",
    "diff": "Compare runs: code, parameters, data, metrics and timings.",
    "log": "Tell what happened in a run, and what its nodes printed.",
    "rerun": "Repeat a past run with its parameters and its data.",
    "cancel": "Stop a run as Ctrl-C would: what had finished is kept.",
    "tag": "Put tags on a run, or take them off.",
    "alias": "Name a run, or a version of a dataset.",
    "pin": "Keep a run and what it made.",
    "delete": "Hide runs from lists, or bring them back.",
}
"""Name and one-line help of each command."""


@click.group(
    "runs",
    cls=LazyGroup,
    package=__package__,
    listed=COMMANDS,
    short_help="List, compare, repeat and name past runs.",
)
def command() -> None:
    """List, compare, repeat and name past runs.

    RUN is the beginning of a run's id, `last`, `last~2` for the second before it, an alias, or a tag that one run
    alone carries.
    """
