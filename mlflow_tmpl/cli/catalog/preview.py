"""`mlo catalog preview`: what is in a dataset."""

from __future__ import annotations

from typing import Any

import click

from mlflow_tmpl.cli.catalog.reading import Answer, name_argument
from mlflow_tmpl.cli.options import open_from, project_options


@click.command("preview", short_help="Show what is in a dataset.")
@name_argument
@click.option(
    "-n",
    "--rows",
    type=click.IntRange(0, 1000),
    metavar="N",
    default=10,
    show_default=True,
    help="How many rows.",
)
@click.option("--whole", is_flag=True, help="Read all of it, however large.")
@click.option("--html", type=click.Path(), metavar="FILE", help="Write a page.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(name: str, rows: int, whole: bool, html: str | None, as_json: bool, **options: Any) -> None:
    """Show what is in a dataset: shape, columns, first rows, the head of a text, the size of a picture.

    NAME may be NAME:VERSION: a run that made or took it, the beginning of a hash, or an alias.

    Of a large file no more is read than is shown, where its format allows.
    """
    from mlflow_tmpl.views.preview import preview
    from mlflow_tmpl.views.preview_lines import preview_lines

    answer = Answer(as_json)
    project = open_from(options)
    shown = preview(project.catalog, name, rows=rows, whole=whole)
    if html:
        from mlflow_tmpl.views.preview_html import preview_page

        _write(html, project.secrets.mask(preview_page(shown)))
    if html and not as_json:
        answer.give(dict, lambda _: [html])
    else:
        answer.give(shown.to_json, lambda paper: preview_lines(shown, paper), project.secrets)


def _write(path: str, page: str) -> None:
    from pathlib import Path

    from mlflow_tmpl.errors import UsageError

    try:
        Path(path).write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path!r} cannot be written: {error.strerror or error}") from error
