"""`mlo store push`: share runs, and what they made, with others."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, print_json, print_lines, project_options
from mlflow_tmpl.cli.store.telling import transfer


@click.command("push")
@click.argument("url", metavar="[URL]", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(url: str, as_json: bool, **options: Any) -> int:
    """Share runs, and what they made, with others.

    URL is a folder, or anything that fsspec understands: s3://, gs://, az://, sftp://; what [tool.mlo.store] says
    unless given. Only what is missing there is copied, and nothing there is ever overwritten, so that any number
    can push at once.
    """
    store = open_from(options).store
    with transfer("push") as tell:
        shared = store.push(url, tell)
    if as_json:
        print_json(shared.to_json())
    else:
        from mlflow_tmpl.views.store import shared_lines

        print_lines(shared_lines(shared, "push"))
    return 1 if shared.problems else 0
