"""`mlo runs tag`: put tags on a run, or take them off."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import print_json, project_options, some_ledger, split


@click.command("tag")
@click.argument("run", metavar="RUN")
@click.argument("tags", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--remove", multiple=True, callback=split, metavar="KEYS", help="Take these tags off.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(
    run: str, tags: tuple[str, ...], remove: tuple[str, ...], reason: str, as_json: bool, **options: Any
) -> None:
    """Put tags on a run, or take them off; without any, show those it has."""
    from mlflow_tmpl.errors import UsageError, did_you_mean
    from mlflow_tmpl.ledger.events import TAG, check_tag, run_subject

    given = dict(map(check_tag, tags))
    ledger = some_ledger(options, run)
    found = ledger.find(run)
    known = ledger.events.tags([found]).get(found, {})
    for key in remove:
        if key not in known:
            raise UsageError(f"run {run!r} has no tag {key!r}", hint=did_you_mean(key, known))
    for key, value in [*given.items(), *((key, None) for key in remove)]:
        ledger.events.add(TAG, run_subject(found), key, value, reason)
    tagged = ledger.events.tags([found]).get(found, {})
    if as_json:
        print_json({"id": found, "tags": tagged})
        return
    for key, value in tagged.items():
        click.echo(f"{key}={value}")
