"""`mlo store gc`: remove what is not needed."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from mlflow_tmpl.cli.options import open_from, paper_for, print_json, print_lines, project_options
from mlflow_tmpl.errors import UsageError

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_AGE = re.compile(r"(\d{1,9})\s*([mhdw])").fullmatch


def seconds(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """Return an age in seconds.

    Raises:
        UsageError: it is no age.
    """
    if text is None:
        return None
    match = _AGE(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no age", hint="write a number of m, h, d or w: 30d")
    return float(match[1]) * _SECONDS[match[2]]


@click.command("gc", short_help="Remove what is not needed from the store.")
@click.option(
    "--keep-runs", type=click.IntRange(min=0), metavar="N", help="Keep what the newest N runs took and gave."
)
@click.option("--older-than", callback=seconds, metavar="AGE", help="Keep what was used since: 12h, 30d, 8w.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(
    keep_runs: int | None, older_than: float | None, dry_run: bool, as_json: bool, **options: Any
) -> None:
    """Remove what is not needed.

    What an alias or a pin names and what is an output at present always stays. Of the rest, what no option keeps
    goes; without options and settings only what no run knows, what only deleted runs used, what killed processes
    left, and what is beyond max_bytes.
    """
    store = open_from(options).store
    collected = store.gc(keep_runs=keep_runs, older_than_s=older_than, dry_run=dry_run)
    if as_json:
        print_json(collected.to_json())
        return
    from mlflow_tmpl.views.store import collected_lines

    print_lines(collected_lines(collected, paper_for(sys.stdout)))
