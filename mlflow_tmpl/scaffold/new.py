"""Make a project: in a hidden folder beside its place, then put there whole."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.scaffold.builtin import make_built_in
from mlflow_tmpl.scaffold.foreign import make_foreign
from mlflow_tmpl.scaffold.git import masked
from mlflow_tmpl.scaffold.render import check_place
from mlflow_tmpl.scaffold.shelf import STARTERS
from mlflow_tmpl.scaffold.staging import publish, staging

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.scaffold.request import Request


@dataclass(frozen=True, slots=True)
class Made:
    """A project that was made.

    Attributes:
        path: its folder.
        starter: what it was made from, without passwords.
        add_ons: what was added; none for a starter that is not built in.
    """

    path: Path
    starter: str
    add_ons: tuple[str, ...]

    def next_steps(self) -> list[str]:
        """Return the commands to go on with, as far as the project can be told to know them."""
        pyproject = self.path / "pyproject.toml"
        said = (
            pyproject.read_text(encoding="utf-8", errors="replace").splitlines()
            if pyproject.is_file()
            else []
        )
        steps = [f"cd {shlex.quote(self.path.name)}"]
        if "[project]" in said:
            steps.append('pip install -e ".[dev]"' if "dev = [" in said else "pip install -e .")
        return [*steps, "mlo run", "mlo viz"] if "[tool.mlo]" in said else steps


def new_project(request: Request) -> Made:
    """Make a project, whole or not at all.

    Raises:
        MloError: it cannot be made as asked; nothing is left behind, and nothing that was there is touched.
    """
    parent = request.parent.absolute()
    check_place(parent)
    make = make_built_in if request.starter in STARTERS else make_foreign
    with staging(parent) as staged:
        project, add_ons = make(request, staged)
        target = parent / project.name
        publish(project, target)
    return Made(target, masked(request.starter), add_ons)
