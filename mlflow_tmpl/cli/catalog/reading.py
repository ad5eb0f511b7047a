"""What the commands about datasets share: the name that is asked for, the nodes around it, and the answer."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlflow_tmpl.cli.options import paper_for
from mlflow_tmpl.cli.streams import print_document, reserve_stdout
from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow_tmpl.masking import Secrets
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.project import Project
    from mlflow_tmpl.views.lines import Paper

Command = TypeVar("Command", bound="Callable[..., Any]")


def name_argument(command: Command) -> Command:
    """Add the argument that names a dataset."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from mlflow_tmpl.cli.completion import names_of

        return names_of("datasets", context.params, incomplete)

    return click.argument("name", metavar="NAME", shell_complete=complete)(command)


def known_pipeline(project: Project) -> Pipeline | None:
    """Return all nodes; ``None``, with a note, where they cannot be loaded: the catalog can be read all the same."""
    try:
        return project.outline()
    except MloError as error:
        click.echo(f"note: who makes and takes what is not known: {error}", err=True)
        return None


class Answer:
    """Where a command's answer goes: the real stdout, which nothing that modules print gets into.

    Args:
        as_json: whether one JSON document is asked for.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._stream = reserve_stdout("utf-8" if as_json else sys.stdout.encoding)

    def give(
        self,
        document: Callable[[], Any],
        lines: Callable[[Paper], Iterable[str]],
        secrets: Secrets | None = None,
    ) -> None:
        """Print the answer in the form that was asked for; a reader who has gone away is no error.

        Args:
            document: gives the answer as plain data.
            lines: gives it as lines.
            secrets: what is masked in it.
        """
        if self._as_json:
            told = document()
            print_document(secrets.mask_data(told) if secrets else told, self._stream)
            return
        try:
            for line in lines(paper_for(self._stream)):
                click.echo(secrets.mask(line) if secrets else line, self._stream)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
