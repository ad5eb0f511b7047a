"""The command `mlo`: a group that knows its commands by name and imports one only when it is called."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

import click

from mlflow_tmpl import __version__
from mlflow_tmpl.cli.group import LazyGroup, told
from mlflow_tmpl.cli.streams import mask_streams, prepare_streams
from mlflow_tmpl.errors import MloError
from mlflow_tmpl.masking import Secrets

COMMANDS = {
    "new": "Scaffold a project: a new folder in the current one.",
    "run": "Plan, then run what has to run.",
    "plan": "Say what a run would do, and why.",
    "viz": "Draw the graph.",
    "params": "Show the parameters, each with its origin.",
    "catalog": "List, show, preview, compare and restore datasets.",
    "lineage": "Tell where a dataset came from and what it went into.",
    "runs": "List, compare, repeat and name past runs.",
    "store": "Keep, check, clear and share what runs have made.",
    "pipelines": "List, show and add pipelines.",
    "doctor": "Check project and machine, and say how to mend what is wrong.",
    "gc": "Remove what is not needed from the store.",
}
"""Name and one-line help of each command; `mlo --help` needs no more of it, and a test holds both together."""


@click.group(
    cls=LazyGroup,
    package=__package__,
    listed=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="mlo", message="%(prog)s %(version)s")
def mlo() -> None:
    """Projects for data science and machine learning that run only what has to run."""


def main() -> NoReturn:
    """Run the command line and leave with its exit code.

    Until nodes run there is no garbage worth collecting, and what was imported stays until the end: collecting it
    again and again while pandas is imported, and once more at exit, takes a quarter of the time of a small run
    (700 ms of processor time against 505).
    """
    gc.disable()
    prepare_streams()
    secrets = Secrets()
    mask_streams(secrets)
    try:
        code = _run(secrets)
    finally:
        gc.freeze()
    sys.exit(code)


def _run(secrets: Secrets) -> int:
    try:
        code = mlo.main(standalone_mode=False, obj=secrets)
    except MloError as error:
        report(error)
        return error.exit_code
    except click.UsageError as error:
        if not _is_help(error):
            report(told(error))
        else:
            error.show()
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("mlo: stopped", err=True)
        return 130
    return code if isinstance(code, int) else 0


def _is_help(error: click.UsageError) -> bool:
    """Tell a bare ``mlo``, which click answers with the help, from a mistake."""
    return type(error).__name__ == "NoArgsIsHelpError"  # younger than the oldest click that we take


def report(error: MloError) -> None:
    """Print an error: what and where, then the way out on a line of its own."""
    from mlflow_tmpl.cli.options import paper_for

    paint = paper_for(sys.stderr).paint
    mark = paint("error:", fg="red", bold=True)
    click.echo(f"{mark} {f'{error.where}: ' if error.where else ''}{error.message}", err=True)
    if error.hint:
        click.echo(f"{paint('  hint:', fg='cyan')} {error.hint}", err=True)


if __name__ == "__main__":
    main()
