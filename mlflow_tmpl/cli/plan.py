"""`mlo plan`: what a run would do, and why."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.options import (
    open_from,
    overrides_from,
    params_options,
    pipelines_argument,
    project_options,
    reading_from,
    reading_options,
    selection_options,
    selectors_from,
    tell_notes,
)


@click.command("plan", short_help="Say what a run would do, and why.")
@pipelines_argument
@selection_options
@params_options
@reading_options
@click.option("-v", "--verbose", is_flag=True, help="Show what differs in code that changed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(as_json: bool, verbose: bool, **options: Any) -> None:
    """Say of each node whether a run would run it, reuse its result or leave it out, and why."""
    from mlflow_tmpl.cli.run import told_plan
    from mlflow_tmpl.cli.streams import print_document, reserve_stdout

    def make() -> Any:
        params = overrides_from(options["params"], options["params_file"])
        asked: dict[str, Any] = {"params": params, **reading_from(options), **selectors_from(options)}
        project = open_from(options)
        plan = project.plan(*options["pipelines"], **asked)
        tell_notes(project.ledger)
        return told_plan(plan, say=not as_json, verbose=verbose)

    if as_json:
        document = reserve_stdout()
        print_document(make(), document)
    else:
        make()
