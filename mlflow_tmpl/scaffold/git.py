"""Templates out of a git repository."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import ScaffoldError, did_you_mean
from mlflow_tmpl.scaffold.child import run_child

if TYPE_CHECKING:
    from pathlib import Path

_URL = re.compile(r"(git\+)?(git|ssh|https?|file)://|[\w.-]+@[\w.-]+:").match
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


def is_git_url(source: str) -> bool:
    """Tell whether a source is an address that only git can follow."""
    return _URL(source) is not None


def is_repository(folder: Path) -> bool:
    """Tell whether a folder can be cloned."""
    return (folder / ".git").exists() or is_bare(folder)


def is_bare(folder: Path) -> bool:
    """Tell whether a folder is a repository without a working tree."""
    return all((folder / part).exists() for part in ("HEAD", "objects", "refs"))


def masked(text: str) -> str:
    """Return a text in which nobody's user name and password can be read off an address.

    Example:
        >>> masked("https://me:secret@example.org/x.git")
        'https://***@example.org/x.git'
    """
    return _PASSWORD.sub("***@", text)


def clone(source: str, into: Path, *, checkout: str, ask: bool) -> Path:
    """Clone a repository into a new folder.

    Args:
        source: its address or path.
        into: the folder to make.
        checkout: a branch, tag or commit; empty for the repository's own default.
        ask: whether git may ask for a password.

    Raises:
        ScaffoldError: there is no git, no such repository, or no such branch, tag or commit.
    """
    if not shutil.which("git"):
        raise ScaffoldError(
            f"starter {masked(source)!r} needs git, which is not installed", hint="install git"
        )
    said = _git(["clone", "--quiet", "--", source.removeprefix("git+"), str(into)], into.parent, ask)
    if said is not None:
        raise ScaffoldError(f"starter {masked(source)!r} cannot be cloned: {said}", hint="check the address")
    if checkout:
        _check_out(source, into, checkout, ask)
    return into


def _check_out(source: str, clone: Path, name: str, ask: bool) -> None:
    # The trailing dashes keep git from taking the name for a file; a leading dash would make it an option.
    if name.startswith("-") or _git(["checkout", "--quiet", name, "--"], clone, ask) is not None:
        known = _names(clone)
        raise ScaffoldError(
            f"starter {masked(source)!r} has no branch, tag or commit {name!r}",
            hint=did_you_mean(name, known) or f"it has {', '.join(known) or 'none'}",
        )


def _names(clone: Path) -> list[str]:
    command = ["git", "for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags"]
    tags = run_child(command, cwd=clone, env=_environment(ask=False), keep=True).said
    command = ["git", "for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin"]
    branches = run_child(command, cwd=clone, env=_environment(ask=False), keep=True).said
    return [name for name in (*branches.split(), *tags.split()) if name != "HEAD"]


def _git(arguments: list[str], cwd: Path, ask: bool) -> str | None:
    """Run git; return ``None`` if all went well, else what went wrong."""
    ended = run_child(["git", *arguments], cwd=cwd, env=_environment(ask), keep=True)
    if ended.code == 0:
        return None
    # The first line has the cause (ssh's own words, say), the later ones that git could not go on.
    lines = [line for line in ended.said.splitlines() if not line.startswith(("warning:", "hint:"))]
    return masked((lines or ["git failed"])[0].removeprefix("fatal: ").removeprefix("error: "))


def _environment(ask: bool) -> dict[str, str]:
    # Within a git hook these would make every git command speak of the outer repository.
    misleading = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if name not in misleading}
    silent = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    return ({} if ask else silent) | kept | {"LC_ALL": "C"}
