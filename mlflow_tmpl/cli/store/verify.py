"""`mlo store verify`: read all that is kept, and find what is damaged."""

from __future__ import annotations

import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, paper_for, print_json, print_lines, project_options


@click.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(as_json: bool, **options: Any) -> int:
    """Read all that is kept, and find what is damaged: what does not hold what its name says.

    It is set aside, and made again when it is needed. Leaves with 1 if there was any.
    """
    checked, datasets = open_from(options).store.verify()
    if as_json:
        print_json(checked.to_json(datasets))
    else:
        from mlflow_tmpl.views.store import checked_lines

        print_lines(checked_lines(checked, datasets, paper_for(sys.stdout)))
    return 1 if checked.damaged else 0
