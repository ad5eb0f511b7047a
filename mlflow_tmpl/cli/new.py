"""`mlo new`: ask what is not given, make the project, say how to go on."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlflow_tmpl.errors import MloError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.scaffold import Made, Request

Answer = TypeVar("Answer")


def _list(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print what there is to choose from, and end."""
    if not wanted or ctx.resilient_parsing:
        return
    from mlflow_tmpl.scaffold.shelf import listing

    for title, rows in listing().items():
        formatter = ctx.make_formatter()
        with formatter.section(title):
            formatter.write_dl(rows)
        click.echo(formatter.getvalue(), nl=False)
    ctx.exit()


def _add_ons(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return add-ons given with commas, several times, or both; ``None`` if the option is not given at all."""
    return _split(",".join(values)) if values else None


@click.command("new")
@click.argument("name", required=False)
@click.option(
    "--starter", metavar="STARTER", help="default, penguins, or a folder, git address or zip archive."
)
@click.option("--checkout", default="", metavar="REF", help="Branch, tag or commit of a starter in git.")
@click.option("--directory", default="", metavar="DIR", help="Folder of the template in the starter.")
@click.option("--package", metavar="NAME", help="Name of the Python package.  [default: follows from NAME]")
@click.option(
    "--with",
    "add_ons",
    multiple=True,
    callback=_add_ons,
    metavar="ADD-ONS",
    help="Of lint, tests, docs, docker, ci, notebook, with commas; or all, or none.  [default: lint,tests]",
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with answers.")
@click.option("--no-input", is_flag=True, help="Ask nothing, take the defaults.")
@click.option("--trust", is_flag=True, help="Let code of the starter run: its hooks and extensions.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="List starters and add-ons.",
)
def command(starter: str | None, config: Path | None, no_input: bool, **options: Any) -> None:
    """Scaffold a project: a new folder in the current one.

    NAME is that of the project; the names of its folder and its package follow from it. On a terminal, what
    is not given is asked for.
    """
    from mlflow_tmpl.scaffold import STARTERS, Answers, Request, new_project, read_answers

    answers = read_answers(config) if config else Answers()
    request = Request(starter=starter or "default", answers=answers, **options)
    if not no_input and sys.stdin.isatty():
        ours = request.starter in STARTERS
        request = _asked(request, ask_starter=starter is None) if ours else replace(request, ask=True)
    made = new_project(request)
    click.echo(f"Made {made.path.name!r} with the starter {made.starter!r}{_added(made)}.")
    click.echo("\n".join(["Next:", *(f"  {step}" for step in made.next_steps())]))


def _asked(request: Request, *, ask_starter: bool) -> Request:
    """Return a request in which the user has filled in what was not given."""
    from mlflow_tmpl.scaffold.builtin import names_of
    from mlflow_tmpl.scaffold.names import DEFAULT_NAME
    from mlflow_tmpl.scaffold.shelf import ADD_ONS, DEFAULT_ADD_ONS, STARTERS, check_add_ons

    def named(name: str) -> Request:
        names_of(changed := replace(request, name=name))
        return changed

    def packaged(package: str) -> Request:
        names_of(changed := replace(request, package=package))
        return changed

    answered = request.answers.values
    if request.name is None and "project_name" not in answered:
        request = _ask("Name of the project", DEFAULT_NAME, named)
    if request.package is None and "package_name" not in answered:
        request = _ask("Name of its Python package", names_of(request).package, packaged)
    if ask_starter:
        choice = click.Choice(STARTERS)
        request = replace(request, starter=click.prompt("Starter", request.starter, type=choice, err=True))
    if request.add_ons is None:
        usual = ",".join(DEFAULT_ADD_ONS)
        question = f"Add-ons, with commas ({', '.join(ADD_ONS)}, all, none)"
        request = replace(request, add_ons=_ask(question, usual, lambda text: check_add_ons(_split(text))))
    return request


def _ask(question: str, default: str, check: Callable[[str], Answer]) -> Answer:
    """Ask until the answer will do."""

    def accept(text: str) -> Answer:
        try:
            return check(text)
        except MloError as error:
            raise click.UsageError(str(error)) from error

    answer: Answer = click.prompt(question, default, value_proc=accept, err=True)
    return answer


def _split(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _added(made: Made) -> str:
    return f" and the add-ons {', '.join(made.add_ons)}" if made.add_ons else ""
