"""`mlo doctor`: whether project and machine are in order, and how to mend what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.cli.options import open_from, project_options

if TYPE_CHECKING:
    from mlflow_tmpl.project import Project


@click.command("doctor", short_help="Check project and machine, and say how to mend what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@project_options
def command(as_json: bool, **options: Any) -> int:
    """Check project and machine, and say how to mend what is wrong; the exit code is 1 if something is.

    The project's modules are imported for it, and every dataset is made ready as for a run; nothing is run or loaded.
    """
    from textwrap import wrap

    from mlflow_tmpl.cli.catalog.reading import Answer
    from mlflow_tmpl.doctor import examine
    from mlflow_tmpl.doctor.finding import WRONG, finding_lines

    answer = Answer(as_json)

    def opened(environment: str | None) -> Project:
        return open_from({**options, "env": environment or options["env"]})

    findings = list(examine(opened))
    sound = all(each.state != WRONG for each in findings)
    answer.give(
        lambda: {"sound": sound, "checks": [each.to_json() for each in findings]},
        lambda paper: finding_lines(
            findings, paper, lambda text, width: wrap(text, width, break_on_hyphens=False)
        ),
    )
    return 0 if sound else 1
