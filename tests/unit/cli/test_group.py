from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from mlflow_tmpl.cli.group import told
from mlflow_tmpl.cli.main import mlo
from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def mistake(arguments: Sequence[str]) -> UsageError:
    with pytest.raises((click.UsageError, UsageError)) as caught:
        mlo.main(list(arguments), prog_name="mlo", standalone_mode=False)
    error = caught.value
    return error if isinstance(error, UsageError) else told(error)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["rnu"], "there is no command 'rnu'", "did you mean 'run'?"),
        (["zzz"], "there is no command 'zzz'", "mlo --help lists the commands"),
        (["runs", "zzz"], "there is no command 'zzz'", "mlo runs --help lists the commands"),
        (["run", "--keep-goin"], "there is no option '--keep-goin'", "did you mean '--keep-going'?"),
        (["runs", "list", "more"], "got unexpected extra argument (more)", "mlo runs list --help shows how"),
        (["run", "--json=3"], "option '--json' does not take a value", "mlo --help shows how"),
    ],
)
def test_a_mistake_is_told_like_every_other_error(arguments: list[str], message: str, hint: str) -> None:
    error = mistake(arguments)
    assert (error.message, error.hint, error.exit_code) == (message, hint, 2)


def test_a_missing_argument_is_told_like_any_other_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    from mlflow_tmpl.cli import main
    from mlflow_tmpl.masking import Secrets

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["mlo", "catalog", "show"])
        assert main._run(Secrets()) == 2
    assert capsys.readouterr().err.startswith("error: missing argument 'NAME'\n  hint: ")
