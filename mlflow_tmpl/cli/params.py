"""`mlo params`: the resolved parameters, each with where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import open_from, overrides_from, params_options, project_options
from mlflow_tmpl.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.config import Value
    from mlflow_tmpl.project import Project


@click.command("params", short_help="Show the parameters, each with its origin.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--schema", is_flag=True, help="Print a JSON Schema of the parameters files, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@params_options
@project_options
def command(keys: tuple[str, ...], schema: bool, as_json: bool, **options: Any) -> None:
    """Show the resolved parameters, each with the file and line it comes from and what it overrode there.

    KEY is the dotted key of a parameter, or of all that is below it.
    """
    from mlflow_tmpl.cli.catalog.reading import Answer
    from mlflow_tmpl.views.parameters import parameter_lines, parameter_rows

    answer = Answer(as_json or schema)
    project = open_from(options)
    if schema:
        answer.give(lambda: _schema(project), lambda _: ())
        return
    asked = overrides_from(options["params"], options["params_file"])
    rows = [row for key, value in _chosen(project, asked, keys) for row in parameter_rows(key, value)]
    answer.give(
        lambda: {
            "environment": project.environment or "",
            "layers": list(project.config.layers),
            "parameters": [row.to_json() for row in rows],
        },
        lambda paper: parameter_lines(rows, paper),
    )


def _schema(project: Project) -> dict[str, Any]:
    from mlflow_tmpl.planning.schema import parameters_schema

    return parameters_schema(project.pipeline())


def _chosen(project: Project, asked: list[Value], keys: tuple[str, ...]) -> Iterator[tuple[str, Value]]:
    every = project.config.with_parameters(asked).parameters
    for key in keys or ("",):
        found = every.get(key)
        if found is None:
            known = [name for name, _ in every.leaves()]
            hint = did_you_mean(key, [*known, *every.data]) or "mlo params lists them all"
            raise UsageError(f"no parameter is named {key!r}", hint=hint)
        yield key, found
