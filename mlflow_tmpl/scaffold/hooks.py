"""The hooks of a template: scripts of its author that run while a project is made, if the user trusts them.

They are run here and not by cookiecutter so that a stopped command leaves none running behind it, and so
that their rendered copies lie in the staging folder and not among the system's temporary files.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ScaffoldError
from mlflow_tmpl.scaffold.child import run_child
from mlflow_tmpl.scaffold.render import explained

if TYPE_CHECKING:
    from pathlib import Path

PRE_PROMPT, PRE_GENERATION, POST_GENERATION = HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")


def hook_files(template: Path, kinds: tuple[str, ...] = HOOKS) -> list[Path]:
    """Return the hooks of a template; an editor's back-up of one is none."""
    found = sorted((template / "hooks").glob("*"))
    return [path for path in found if path.stem in kinds and not path.name.endswith("~")]


def run_hooks(template: Path, kind: str, *, cwd: Path, scripts: Path, context: dict[str, Any] | None) -> None:
    """Run the hooks of one kind.

    Args:
        template: the folder with the ``cookiecutter.json``.
        kind: one of `HOOKS`.
        cwd: the folder that they work in.
        scripts: a folder for their rendered copies.
        context: what to render them with; ``None`` runs them as they are.

    Raises:
        ScaffoldError: one cannot be started or fails.
    """
    for hook in hook_files(template, (kind,)):
        scripts.mkdir(exist_ok=True)
        script = scripts / hook.name
        script.write_text(_rendered(hook, context), encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        _run(script, cwd)


def _rendered(hook: Path, context: dict[str, Any] | None) -> str:
    from cookiecutter.utils import create_env_with_context

    with explained(hook):
        text = hook.read_text(encoding="utf-8")
        if context is None:
            return text
        return str(create_env_with_context(context).from_string(text).render(**context))


def _run(script: Path, cwd: Path) -> None:
    command = [sys.executable, str(script)] if script.suffix == ".py" else [str(script)]
    try:
        ended = run_child(command, cwd=cwd, keep=False, shell=os.name == "nt")
    except OSError as error:
        raise ScaffoldError(
            f"hook {script.name!r} cannot be started: {error.strerror}",
            hint="a script needs a first line such as #!/bin/sh",
        ) from error
    if ended.code:
        raise ScaffoldError(
            f"hook {script.name!r} failed with exit code {ended.code}", hint="what it wrote stands above"
        )
