"""Commands of others (git, hooks) that must not outlive the one that called them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code.
        said: what it wrote to both streams, if that was kept.
    """

    code: int
    said: str


def run_child(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    keep: bool,
    shell: bool = False,
) -> Ended:
    """Run a command to its end; if this process is stopped meanwhile, stop it first.

    A command that went on would write into a folder that is being removed.

    Args:
        command: the program and its arguments.
        cwd: where it runs.
        env: its environment; this process's own by default.
        keep: whether to keep what it writes; it goes to the terminal otherwise.
        shell: let the shell find out how a file is run, which Windows needs for scripts.

    Raises:
        OSError: it cannot be started.
    """
    pipe = subprocess.PIPE if keep else None
    joined = subprocess.STDOUT if keep else None
    with subprocess.Popen(command, cwd=cwd, env=env, shell=shell, stdout=pipe, stderr=joined) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            _stop(process)
            raise
    return Ended(process.returncode, (output or b"").decode(errors="replace").strip())


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
