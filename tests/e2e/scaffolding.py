"""`mlo new` as users call it, and what is in the projects that it makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow_tmpl

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(mlflow_tmpl.__file__).parents[1]
MLO = [sys.executable, "-m", "mlflow_tmpl.cli.main"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}


def call(
    command: list[str], cwd: Path, environment: Mapping[str, str] = ENVIRONMENT
) -> subprocess.CompletedProcess[str]:
    """Run a command that has no terminal."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def mlo(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `mlo` in a folder."""
    return call([*MLO, *arguments], cwd)


def paths_in(folder: Path) -> set[str]:
    """Return what is in a folder, without what tools leave for themselves."""
    left = {"__pycache__", ".pytest_cache", ".ruff_cache", ".mlo"}
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not left & set(path.relative_to(folder).parts)
    }
