"""`mlo store pull`: take over what others have shared."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, print_json, print_lines, project_options
from mlflow_tmpl.cli.store.telling import transfer


@click.command("pull")
@click.argument("url", metavar="[URL]", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(url: str, as_json: bool, **options: Any) -> int:
    """Take over what others have shared: runs, what they made, and what was done to them.

    URL is as for push. Everything is checked by its hash. What runs code when it is opened, such as a pickle, is
    not reused, and the code of a pulled run not run, unless [tool.mlo.store] says trusted = true.
    """
    store = open_from(options).store
    with transfer("pull") as tell:
        shared = store.pull(url, tell)
    if as_json:
        print_json(shared.to_json())
    else:
        from mlflow_tmpl.views.store import shared_lines

        print_lines(shared_lines(shared, "pull"))
    return 1 if shared.problems else 0
