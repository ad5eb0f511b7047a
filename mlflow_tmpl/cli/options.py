"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlflow_tmpl.cli.terminal import columns
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.engine import RunResult
    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.pipeline import Selection
    from mlflow_tmpl.project import Project
    from mlflow_tmpl.views.lines import Paper

Command = TypeVar("Command", bound="Callable[..., Any]")

_SELECTORS = {
    "--from-nodes": "Begin with these nodes.",
    "--to-nodes": "End with these nodes.",
    "--nodes": "Only these nodes.",
    "--from-inputs": "Begin with what takes these datasets.",
    "--to-outputs": "End with what makes these datasets.",
    "--tags": "Only nodes with one of these tags.",
    "--namespaces": "Only nodes of these namespaces.",
}


def split(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of an option that can be given several times or with commas."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def project_options(command: Command) -> Command:
    """Add the options that say which project is meant, and in which environment."""
    command = click.option(
        "-e",
        "--env",
        metavar="NAME",
        help="Configuration environment.",
        shell_complete=_complete("environments"),
    )(command)
    command = click.option(
        "--conf-source",
        metavar="SOURCE",
        help="Configuration from another folder, an archive, or a URL of one.",
    )(command)
    return click.option("--project", metavar="DIR", type=click.Path(), help="A folder inside the project.")(
        command
    )


def selection_options(command: Command) -> Command:
    """Add the options that slice a pipeline."""
    for name, help_text in reversed(_SELECTORS.items()):
        kind = {"inputs": "datasets", "outputs": "datasets", "nodes": "nodes"}.get(
            name.rpartition("-")[2], ""
        )
        command = click.option(
            name,
            multiple=True,
            callback=split,
            metavar="NAMES",
            help=help_text,
            shell_complete=_complete(kind),
        )(command)
    return command


def params_options(command: Command) -> Command:
    """Add the options that override parameters."""
    command = click.option(
        "--params-file",
        type=click.Path(),
        multiple=True,
        metavar="FILE",
        help="YAML file of parameters that override the configured ones. Can be repeated.",
    )(command)
    return click.option(
        "--params",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a parameter; dotted keys, values as in YAML. Can be repeated.",
    )(command)


def reading_options(command: Command) -> Command:
    """Add the options that say how data is read: which version, and whether schemas are checked."""
    command = click.option("--no-validate", is_flag=True, help="Do not check data by schemas.")(command)
    return click.option(
        "--load-version",
        "load_versions",
        multiple=True,
        metavar="NAME=VERSION",
        help="Load this version of an input: a run, a hash, an alias, or a time. Can be repeated.",
        shell_complete=_complete("datasets"),
    )(command)


def reading_from(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return how data is to be read.

    Raises:
        UsageError: what was given is no `NAME=VERSION`, or names a dataset twice.
    """
    from mlflow_tmpl.errors import UsageError

    versions: dict[str, str] = {}
    for text in options["load_versions"]:
        name, _, version = text.partition("=")
        if not name or not version:
            raise UsageError(f"--load-version {text!r} names no version", hint="write NAME=RUN, or NAME=TIME")
        if versions.setdefault(name, version) != version:
            raise UsageError(f"--load-version names two versions of dataset {name!r}")
    return {"load_versions": versions, "validate": not options["no_validate"]}


def pipelines_argument(command: Command) -> Command:
    """Add the argument that names pipelines."""
    return click.argument(
        "pipelines", nargs=-1, metavar="[PIPELINE]...", shell_complete=_complete("pipelines")
    )(command)


def selectors_from(options: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the options that slice a pipeline, those that were given."""
    names = [name.lstrip("-").replace("-", "_") for name in _SELECTORS]
    return {name: options[name] for name in names if options.get(name)}


def selection_from(options: Mapping[str, Any]) -> Selection:
    """Return the slice that is meant."""
    from mlflow_tmpl.pipeline import Selection

    known = {each.name for each in fields(Selection)}
    return Selection(**{name: value for name, value in selectors_from(options).items() if name in known})


def overrides_from(params: tuple[str, ...], params_files: tuple[str, ...]) -> list[Any]:
    """Return the parameters that the command line gives, those of the files first.

    Raises:
        UsageError: there is no such file.
        ConfigError: something of them cannot be read.
    """
    from pathlib import Path

    from mlflow_tmpl.config import parse_assignment, read_parameters
    from mlflow_tmpl.errors import UsageError

    values = []
    for given in params_files:
        if not Path(given).is_file():
            raise UsageError(f"there is no file {given!r}", hint="give --params-file a YAML file")
        values.append(read_parameters(Path(given)))
    return [*values, *(parse_assignment(text) for text in params)]


def open_from(options: dict[str, Any]) -> Project:
    """Return the project that the options mean; a file among the pipelines is one, and is taken out of them.

    Raises:
        UsageError: there is more than one file, or a file and a project.
        ProjectError: there is no such project.
    """
    from mlflow_tmpl.project import open_project

    names = options.get("pipelines", ())
    files = [name for name in names if name.endswith(".py")]
    options["pipelines"] = tuple(name for name in names if name not in files)
    places = [*files, *([options["project"]] if options["project"] or not files else [])]
    if len(places) > 1:
        from mlflow_tmpl.errors import UsageError

        raise UsageError(
            f"{' and '.join(map(repr, places))} are projects of their own", hint="give one of them at a time"
        )
    context = click.get_current_context(silent=True)
    secrets = context.find_object(Secrets) if context else None
    source = options.get("conf_source")
    project = open_project(places[0] or ".", options["env"], source, secrets=secrets, remembers=True)
    if context is not None:
        context.call_on_close(lambda: _tell_of_ledger(project))
    return project


def ledger_of(options: Mapping[str, Any]) -> Ledger | None:
    """Return the ledger of the project that the options mean, ``None`` if nothing was ever recorded.

    The project itself is not opened: that would cost more than reading the ledger.
    """
    from pathlib import Path

    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.ledger.database import FILE, FOLDER
    from mlflow_tmpl.settings import find_root

    root, _ = find_root(Path(options["project"] or "."))
    if not (root / FOLDER / FILE).exists():
        return None
    ledger = Ledger(root)
    tell_notes(ledger)
    return ledger


def some_ledger(options: Mapping[str, Any], run: str) -> Ledger:
    """Return the ledger of the project that the options mean.

    Raises:
        LedgerError: nothing was ever recorded, so there is no such run.
    """
    from mlflow_tmpl.errors import LedgerError

    ledger = ledger_of(options)
    if ledger is None:
        raise LedgerError(f"there is no run {run!r}", hint="mlo run makes the first one")
    return ledger


def require_ledger(project: Project, run: str) -> None:
    """Refuse to look for a run where nothing was ever recorded.

    Raises:
        LedgerError: that is so.
    """
    from mlflow_tmpl.errors import LedgerError

    if not project.has_ledger:
        raise LedgerError(f"there is no run {run!r}", hint="mlo run makes the first one")
    tell_notes(project.ledger)


def tell_notes(noted: Ledger | RunResult) -> None:
    """Say on stderr what happened when a ledger was opened, or beside a run."""
    for note in noted.notes:
        click.echo(f"note: {note}", err=True)
    if isinstance(noted.notes, list):
        noted.notes.clear()  # said once, however many ask


def _tell_of_ledger(project: Project) -> None:
    """Say what happened when a project's ledger was opened, if it was: also where the command takes no note of it."""
    ledger: Ledger | None = vars(project).get("ledger")
    if ledger is not None:
        tell_notes(ledger)


def paper_for(stream: Any, *, verbose: bool = False) -> Paper:
    """Return what is known of a stream: how wide it is, and what it can show."""
    from mlflow_tmpl.views.lines import Paper

    terminal = stream.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = columns() if terminal or os.environ.get("COLUMNS") else 160
    return Paper(width, colour=colour, ascii_only=not can_show(stream), verbose=verbose)


def can_show(stream: Any) -> bool:
    """Tell whether a stream's encoding can carry the marks."""
    try:
        "●◆✗…".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def print_json(data: Any) -> None:
    """Print one JSON document."""
    from mlflow_tmpl.cli.streams import print_document

    print_document(data, sys.stdout)


_LINES_AT_ONCE = 1000


def print_lines(lines: Any) -> None:
    """Print lines of a report; a reader who has gone away is no error."""
    try:
        left = iter(lines)
        while some := list(islice(left, _LINES_AT_ONCE)):
            click.echo("\n".join(some))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complete(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]] | None:
    if not kind:
        return None

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from mlflow_tmpl.cli.completion import names_of

        return names_of(kind, context.params, incomplete)

    return complete
