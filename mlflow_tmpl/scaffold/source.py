"""Where a starter that is not built in comes from: a folder, a git repository, a zip archive."""

from __future__ import annotations

from pathlib import Path

from mlflow_tmpl.errors import ScaffoldError, UsageError, did_you_mean
from mlflow_tmpl.scaffold.archive import is_web, is_zip, unpack
from mlflow_tmpl.scaffold.git import clone, is_bare, is_git_url, is_repository, masked
from mlflow_tmpl.scaffold.shelf import STARTERS
from mlflow_tmpl.scaffold.trust import inside, refuse_links_out

CONTEXT_FILE = "cookiecutter.json"


def fetch(source: str, into: Path, *, checkout: str, directory: str, ask: bool) -> Path:
    """Return the folder of a template, fetched first if it is elsewhere.

    Args:
        source: what the user gave for ``--starter``.
        into: a folder that a clone or an unpacked archive may be put in.
        checkout: branch, tag or commit of a git repository; empty for its default.
        directory: folder of the template below the source; empty for the source itself.
        ask: whether git may ask for a password.

    Raises:
        ScaffoldError: it cannot be fetched, leads out of its place or is no template.
        UsageError: there is no such starter, or it is none that a checkout could be made of.
    """
    whole = _whole(expanded(source), into, checkout, ask)
    template = inside(whole, directory, "--directory") if directory else whole
    if not (template / CONTEXT_FILE).is_file():
        raise _no_template(source, whole, template)
    return template


def expanded(source: str) -> str:
    """Return a source with cookiecutter's short forms (``gh:owner/name``) written out."""
    from cookiecutter.config import BUILTIN_ABBREVIATIONS
    from cookiecutter.repository import expand_abbreviations

    return str(expand_abbreviations(source, BUILTIN_ABBREVIATIONS))


def _whole(source: str, into: Path, checkout: str, ask: bool) -> Path:
    path = Path(source).expanduser().resolve()
    if path.is_dir():
        if checkout and not is_repository(path):
            raise _no_git(source)
        # A working tree is taken as it lies there, with what is not committed, unless a checkout is asked for.
        return (
            _fetched(clone(str(path), into, checkout=checkout, ask=ask))
            if checkout or is_bare(path)
            else path
        )
    if is_zip(source):
        if checkout:
            raise _no_git(source)
        return _fetched(unpack(source if is_web(source) else str(path), into))
    if is_git_url(source):
        return _fetched(clone(source, into, checkout=checkout, ask=ask))
    known = f"built in are {' and '.join(STARTERS)}; or give a folder, a git address or a zip archive"
    raise UsageError(f"there is no starter {source!r}", hint=did_you_mean(source, STARTERS) or known)


def _fetched(folder: Path) -> Path:
    refuse_links_out(folder)
    return folder


def _no_git(source: str) -> UsageError:
    return UsageError(f"--checkout goes with a git repository, which {masked(source)!r} is not")


def _no_template(source: str, whole: Path, template: Path) -> ScaffoldError:
    below = sorted(file.parent.relative_to(whole).as_posix() for file in template.glob(f"*/{CONTEXT_FILE}"))
    choices = " or ".join(f"--directory {name}" for name in below)
    return ScaffoldError(
        f"starter {masked(source)!r} has no {CONTEXT_FILE}",
        hint=f"give {choices}" if below else "is it a cookiecutter template?",
    )
