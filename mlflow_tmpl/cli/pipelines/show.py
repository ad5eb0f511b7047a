"""`mlo pipelines show`: what the nodes of a pipeline take and give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer
from mlflow_tmpl.cli.options import open_from, project_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.views.lines import Paper


def _complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    from mlflow_tmpl.cli.completion import names_of

    return names_of("pipelines", context.params, incomplete)


@click.command("show", short_help="Show one pipeline: what its nodes take and give.")
@click.argument("name", metavar="NAME", default="__default__", shell_complete=_complete)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, as_json: bool, **options: Any) -> None:
    """Show one pipeline, all nodes if none is named: what it takes and gives, and what each of its nodes does."""
    answer = Answer(as_json)
    project = open_from(options)
    pipeline = project.outline(*(() if name == "__default__" else (name,)))
    answer.give(lambda: _told(name, pipeline), lambda paper: _lines(name, pipeline, paper))


def _told(name: str, pipeline: Pipeline) -> dict[str, Any]:
    return {
        "name": name,
        "inputs": list(pipeline.inputs),
        "outputs": list(pipeline.outputs),
        "parameters": list(pipeline.parameters),
        "nodes": [
            {
                "name": node.name,
                "inputs": dict(node.inputs),
                "outputs": list(node.outputs),
                "tags": sorted(node.tags),
                "where": node.where,
                **({"options": told} if (told := node.options.to_json()) else {}),
            }
            for node in pipeline
        ],
    }


def _lines(name: str, pipeline: Pipeline, paper: Paper) -> Iterator[str]:
    from mlflow_tmpl.views.options import options_in_words
    from mlflow_tmpl.views.tables import table_lines

    yield paper.paint(name, bold=True)
    told: Sequence[tuple[str, Sequence[str]]] = (
        ("takes", pipeline.inputs),
        ("parameters", pipeline.parameters),
        ("gives", pipeline.outputs),
    )
    for title, names in told:
        if names:
            yield paper.fit(f"  {title:10}  {', '.join(names)}", paper.width)
    yield ""
    rows = [
        (node.name, ", ".join(node.inputs.values()), ", ".join(node.outputs), node.where) for node in pipeline
    ]
    yield from table_lines(("NODE", "TAKES", "GIVES", "WHERE"), rows, paper, whole={"NODE"}, ends={"WHERE"})
    special = [(node.name, words) for node in pipeline if (words := options_in_words(node.options))]
    if special:
        yield ""
        yield from table_lines(("NODE", "IS RUN WITH"), special, paper, whole={"NODE"})
