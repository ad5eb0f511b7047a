"""What of a template would run code of its author, and what would lead out of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ScaffoldError, place
from mlflow_tmpl.scaffold.hooks import hook_files

if TYPE_CHECKING:
    from collections.abc import Iterator

_HARMLESS_EXTENSIONS = ("cookiecutter.extensions.", "jinja2.ext.")


def refuse_code(template: Path) -> None:
    """Refuse a template that brings code which would run while the project is made.

    Args:
        template: its folder; templates nested in it count too.

    Raises:
        ScaffoldError: it has hooks, or extensions to Jinja; all of them are listed.
    """
    found = [*_hooks(template), *_extensions(template)]
    if found:
        raise ScaffoldError(
            f"the starter runs code of its own: {', '.join(found)}",
            hint="read it, then give --trust to let it run",
        )


def refuse_links_out(template: Path) -> None:
    """Refuse a fetched template with a symbolic link to a place outside of it: reading it would copy your files.

    Raises:
        ScaffoldError: there is such a link.
    """
    whole = template.resolve()
    for path in _walk(template):
        if path.is_symlink() and not path.resolve().is_relative_to(whole):
            name = path.relative_to(template).as_posix()
            raise ScaffoldError(f"the starter has a symbolic link that leads out of it: {name!r}")


def inside(folder: Path, path: str, what: str) -> Path:
    """Return a path below a folder.

    Raises:
        ScaffoldError: it leads out of the folder, or there is no such folder.
    """
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise ScaffoldError(f"{what} {path!r} leads out of the starter")
    if not found.is_dir():
        raise ScaffoldError(f"{what} {path!r} is no folder of the starter")
    return found


def read_context(file: Path) -> dict[str, Any]:
    """Return the content of a ``cookiecutter.json``.

    Raises:
        ScaffoldError: it is missing, no JSON, or no mapping.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ScaffoldError(f"{str(file)!r} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        where = place(file, error.lineno, error.colno)
        raise ScaffoldError(f"cookiecutter.json is no JSON: {error.msg}", where=where) from error
    except UnicodeDecodeError as error:
        raise ScaffoldError(
            "cookiecutter.json is not UTF-8", where=place(file), hint="save it as UTF-8"
        ) from error
    if not isinstance(content, dict):
        raise ScaffoldError(
            "cookiecutter.json holds no mapping from variables to defaults", where=place(file)
        )
    return content


def _hooks(template: Path) -> Iterator[str]:
    for file in _contexts(template):
        yield from (hook.relative_to(template).as_posix() for hook in hook_files(file.parent))


def _extensions(template: Path) -> Iterator[str]:
    for file in _contexts(template):
        named = read_context(file).get("_extensions", [])
        for name in named if isinstance(named, list) else [named]:
            if not str(name).startswith(_HARMLESS_EXTENSIONS):
                yield f"extension {name}"


def _contexts(template: Path) -> Iterator[Path]:
    return (path for path in _walk(template) if path.name == "cookiecutter.json")


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        yield from (Path(parent, name) for name in (*folders, *sorted(files)))
