"""`mlo runs alias`: give a run, or a version of a dataset, a name that can move on to another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import print_json, project_options, some_ledger

if TYPE_CHECKING:
    from mlflow_tmpl.ledger import Ledger


@click.command("alias")
@click.argument("name", metavar="[NAME]", required=False)
@click.argument("target", metavar="[RUN | DATASET:VERSION]", required=False)
@click.option("--remove", is_flag=True, help="Take the name away.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(
    name: str | None, target: str | None, remove: bool, reason: str, as_json: bool, **options: Any
) -> None:
    """Name a run, or a version of a dataset, and keep it as long as it has the name.

    `mlo runs alias best last` names a run, `mlo runs alias live model:last` a version of `model`. A name that is
    taken moves on to what it is given now. Without a NAME all are listed.
    """
    from mlflow_tmpl.errors import UsageError

    ledger = some_ledger(options, target or name or "")
    if name and remove:
        _remove(ledger, name, target, reason)
    elif name and target:
        _set(ledger, name, target, reason)
    elif name:
        raise UsageError(
            f"{name!r} is to name something, and it is not said what", hint="mlo runs alias NAME RUN"
        )
    runs, versions = ledger.events.aliases(), ledger.events.version_aliases()
    if as_json:
        print_json({"runs": runs, "versions": versions})
        return
    for alias, run in runs.items():
        click.echo(f"{alias}  {run}")
    for dataset, aliases in versions.items():
        for alias, fingerprint in aliases.items():
            click.echo(f"{dataset}:{alias}  {fingerprint}")


def _set(ledger: Ledger, name: str, target: str, reason: str) -> None:
    from mlflow_tmpl.ledger.events import ALIAS, RUNS, check_alias, version_subject

    check_alias(name)
    dataset, colon, version = target.partition(":")
    if colon:
        ledger.events.add(ALIAS, version_subject(dataset), name, ledger.version(dataset, version), reason)
    else:
        ledger.events.add(ALIAS, RUNS, name, ledger.find(target), reason)


def _remove(ledger: Ledger, name: str, target: str | None, reason: str) -> None:
    from mlflow_tmpl.errors import UsageError, did_you_mean
    from mlflow_tmpl.ledger.events import ALIAS, RUNS, version_subject

    dataset, colon, alias = name.partition(":")
    known = ledger.events.version_aliases().get(dataset, {}) if colon else ledger.events.aliases()
    if target or (alias if colon else name) not in known:
        problem = "--remove takes a name and nothing else" if target else f"there is no alias {name!r}"
        raise UsageError(problem, hint=did_you_mean(alias or name, known))
    ledger.events.add(
        ALIAS, version_subject(dataset) if colon else RUNS, alias if colon else name, None, reason
    )
