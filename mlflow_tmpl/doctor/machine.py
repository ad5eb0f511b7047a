"""Checks of the machine, and of what mlo keeps on it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.temporaries import is_temporary, writer_is_dead
from mlflow_tmpl.doctor.finding import GOOD, NOTE, WRONG, Finding, of_error
from mlflow_tmpl.errors import LedgerError, place
from mlflow_tmpl.ledger.database import FILE, FOLDER, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_tmpl.project import Project

OLDEST_PYTHON = (3, 10)
LITTLE_BYTES, MUCH_TOO_LITTLE_BYTES = 2 << 30, 100 << 20
_GIT_TIMEOUT_S = 10.0
_MOST_ENTRIES = 100_000


def python() -> Iterator[Finding]:
    """Check the version of Python."""
    told = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Finding("python", WRONG, f"{told}: mlo needs {oldest} or later", f"install Python {oldest}")
    else:
        yield Finding("python", GOOD, told)


def disk(project: Project) -> Iterator[Finding]:
    """Check that there is room for what runs write."""
    free = shutil.disk_usage(project.root).free
    told = f"{free / (1 << 30):.1f} GiB free"
    hint = "make room; mlo gc removes what is not needed of past runs"
    state = WRONG if free < MUCH_TOO_LITTLE_BYTES else NOTE if free < LITTLE_BYTES else GOOD
    yield Finding("disk", state, told, hint)


def records(project: Project) -> Iterator[Finding]:
    """Check the folder that mlo keeps its records in."""
    folder = project.home / FOLDER
    if not folder.exists():
        yield Finding("records", GOOD, f"nothing was run yet: there is no {FOLDER}")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("records", WRONG, "cannot be written", f"chmod u+rwx {place(folder)}", place(folder))
    elif os.name == "posix" and folder.stat().st_mode & 0o077:
        mode = f"{folder.stat().st_mode & 0o777:o}"
        yield Finding(
            "records",
            WRONG,
            f"others of this machine may look into it (mode {mode})",
            f"chmod 700 {place(folder)}",
            place(folder),
        )
    else:
        yield Finding("records", GOOD, f"{place(folder)} is yours alone")


def ledger(project: Project) -> Iterator[Finding]:
    """Check that the ledger is whole; a damaged one is set aside."""
    file = project.home / FOLDER / FILE
    if not file.exists():
        return
    problem = _damage(file)
    if problem:
        try:
            aside = place(set_aside(file))
        except OSError as error:
            yield Finding("ledger", WRONG, f"is damaged: {problem}", f"move it away: {error}", place(file))
            return
        yield Finding(
            "ledger",
            WRONG,
            f"was damaged ({problem}), and is set aside as {aside}",
            "mlo run begins a new one; what it does not know is run again",
            place(file),
        )
        return
    try:
        yield Finding("ledger", GOOD, f"whole, with {len(project.ledger.runs(1_000_000))} runs")
    except LedgerError as error:
        yield of_error("ledger", error)


def _damage(file: Path) -> str:
    """Return what is wrong with a database; empty if it is whole."""
    try:
        connection = sqlite3.connect(file, timeout=5)
        try:
            told = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return "" if isinstance(error, sqlite3.OperationalError) and "locked" in str(error) else str(error)
    return "" if told == "ok" else told


def leftovers(project: Project) -> Iterator[Finding]:
    """Look for what dead runs have left: runs that count as running, and temporary files."""
    lost = _lost_runs(project)
    files = _temporaries(project)
    if lost:
        runs = ", ".join(lost)
        yield Finding("dead runs", NOTE, f"runs that never ended are closed as lost: {runs}")
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        hint = "the next run that writes there removes them"
        yield Finding("leftovers", NOTE, f"temporary files of dead runs: {files[0]}{more}", hint)
    if not (lost or files):
        yield Finding("leftovers", GOOD, "dead runs have left nothing")


def _lost_runs(project: Project) -> list[str]:
    if not project.has_ledger:
        return []
    before = {run.id for run in project.ledger.runs(100) if run.status == "running"}
    project.ledger.leases.close_lost()
    after = {run.id for run in project.ledger.runs(100) if run.status == "running"}
    return [run[:13] for run in sorted(before - after)]


def _temporaries(project: Project) -> list[str]:
    found: list[str] = []
    entries = 0
    for folder, below, files in os.walk(project.root):
        below[:] = [name for name in below if name not in {FOLDER, ".git", ".venv", "node_modules"}]
        entries += len(files)
        if entries > _MOST_ENTRIES:
            break
        found += [
            place(os.path.join(folder, name))
            for name in (*below, *files)
            if is_temporary(name) and writer_is_dead(name)
        ]
    return found


def git(project: Project) -> Iterator[Finding]:
    """Check that git keeps out what must not be shared: records, and what belongs to one machine."""
    if not any((folder / ".git").exists() for folder in (project.root, *project.root.parents)):
        yield Finding("git", NOTE, "the project is not under version control", "git init")
        return
    local = f"{project.settings.config}/local"
    paths = [f"{FOLDER}/ledger.sqlite", f"{local}/credentials.yml"]
    try:
        told = subprocess.run(
            ["git", "check-ignore", "--no-index", "--", *paths],
            cwd=project.root,
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("git", NOTE, f"git cannot be asked: {error}")
        return
    ignored = set(told.stdout.split())
    # The records bring a .gitignore of their own as soon as there are any.
    missing = [
        shown
        for path, shown in zip(paths, (FOLDER, local), strict=True)
        if path not in ignored and (shown == local or (project.root / FOLDER).exists())
    ]
    for shown in missing:
        yield Finding("git", WRONG, f"does not ignore {shown}/", f"add the line /{shown}/ to .gitignore")
    if not missing:
        yield Finding("git", GOOD, f"ignores {FOLDER}/ and {local}/")
