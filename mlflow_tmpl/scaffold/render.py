"""Cookiecutter at work: from a template and its variables to files."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ScaffoldError, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLES = "cookiecutter"
"""The one word under which a template finds all of its variables."""

_MARKS = ("{{", "{%", "{#")


def check_place(parent: Path) -> None:
    """Refuse a folder in which cookiecutter cannot work: it renders the whole path of all that it makes.

    Raises:
        ScaffoldError: there is something in the path that Jinja would take for a variable.
    """
    for mark in _MARKS:
        if mark in str(parent.absolute()):
            raise ScaffoldError(
                f"no project can be made in a folder with {mark!r} in its path", hint="go to another"
            )


def complete(
    template: Path, values: Mapping[str, Any], *, ask: bool, private: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the context of a template: its own defaults, overruled by values, then by what the user types.

    Args:
        template: the folder with the ``cookiecutter.json``.
        values: for its variables.
        ask: whether to ask for the variables, with the above for defaults.
        private: further variables, not asked for; their names begin with ``_``.

    Raises:
        ScaffoldError: a default cannot be rendered, or a value is none of the choices.
    """
    from cookiecutter.generate import generate_context
    from cookiecutter.prompt import prompt_for_config

    with explained(template), redirect_stdout(sys.stderr):
        context: dict[str, Any] = generate_context(
            str(template / "cookiecutter.json"), extra_context=dict(values)
        )
        context[VARIABLES] |= private
        context[f"_{VARIABLES}"] = {k: v for k, v in context[VARIABLES].items() if not k.startswith("_")}
        context[VARIABLES] |= prompt_for_config(context, no_input=not ask)
    return context


def choose_nested(template: Path, variables: Mapping[str, Any], *, ask: bool) -> Path:
    """Return the folder of the template that is chosen among those nested in this one.

    Raises:
        ScaffoldError: the list of them cannot be made sense of.
    """
    from cookiecutter.prompt import choose_nested_template

    with explained(template), redirect_stdout(sys.stderr):
        return Path(choose_nested_template({VARIABLES: dict(variables)}, str(template), no_input=not ask))


def folder_name(template: Path, context: dict[str, Any]) -> str:
    """Return the name of the folder that a template makes, after a look at all of its paths.

    Raises:
        ScaffoldError: a path of the template leads out of the folder.
    """
    from cookiecutter.find import find_template
    from cookiecutter.utils import create_env_with_context

    with explained(template):
        environment = create_env_with_context(context)
        top = Path(find_template(str(template), environment))
        name = str(environment.from_string(top.name).render(**context))
        if not _is_one_folder(name):
            raise ScaffoldError(f"the starter makes {name!r}, which is no name for a folder")
        for path in _rendered_paths(top, context):
            if _leads_out(rendered := str(environment.from_string(path).render(**context))):
                raise ScaffoldError(f"the starter makes a file that leads out of the project: {rendered!r}")
    return name


def render(template: Path, context: dict[str, Any], into: Path) -> None:
    """Write the files of a template over those that are there already.

    Raises:
        ScaffoldError: a file cannot be rendered.
    """
    from cookiecutter.generate import generate_files

    with explained(template):
        generate_files(str(template), context, str(into), overwrite_if_exists=True, accept_hooks=False)


def remove_bytecode(folder: Path) -> None:
    """Remove what pip compiled of the templates' modules when it installed them, and cookiecutter copied."""
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache)


@contextmanager
def importing_from(template: Path) -> Iterator[None]:
    """Let a trusted template's own extensions to Jinja be imported."""
    before = list(sys.path)
    sys.path.append(str(template))
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def explained(template: Path) -> Iterator[None]:
    """Turn whatever goes wrong in a template into an error that says where.

    Templates are programs of others: next to cookiecutter's and Jinja's own errors, an expression in one can
    raise what any expression of Python can.
    """
    from cookiecutter.exceptions import (
        CookiecutterException,
        NonTemplatedInputDirException,
        UndefinedVariableInTemplate,
    )
    from jinja2.exceptions import SecurityError, TemplateError

    try:
        yield
    except UndefinedVariableInTemplate as error:
        raise ScaffoldError(
            f"{_lower(error.message)}: {error.error.message}", where=place(template)
        ) from error
    except NonTemplatedInputDirException as error:
        hint = "it needs one, such as '{{cookiecutter.repo_name}}', with the files of the project"
        raise ScaffoldError(
            "the starter has no folder to render", where=place(template), hint=hint
        ) from error
    except SecurityError as error:
        hint = "read the starter, then give --trust to let it"
        raise ScaffoldError(
            f"the starter reaches for Python: {error}", where=place(template), hint=hint
        ) from error
    except TemplateError as error:
        lines = (getattr(error, "name", None) or "", getattr(error, "lineno", 0) or 0)
        where = place(template / lines[0], lines[1]) if lines[0] else place(template)
        raise ScaffoldError(f"the starter cannot be rendered: {error.message}", where=where) from error
    except (
        CookiecutterException,
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        TypeError,
        ValueError,
    ) as error:
        said = _lower(str(error)) or type(error).__name__
        raise ScaffoldError(f"the starter cannot be rendered: {said}", where=place(template)) from error


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _rendered_paths(top: Path, context: dict[str, Any]) -> Iterator[str]:
    """Yield the paths in a template whose names are rendered: all but those below a folder that is copied as it is."""
    from cookiecutter.generate import is_copy_only_path

    for parent, folders, files in os.walk(top):
        paths = {name: os.path.relpath(os.path.join(parent, name), top) for name in (*folders, *files)}
        yield from paths.values()
        folders[:] = [name for name in folders if not is_copy_only_path(paths[name], context)]


def _is_one_folder(name: str) -> bool:
    return name not in ("", ".", "..") and PurePosixPath(name).name == name == PureWindowsPath(name).name


def _leads_out(path: str) -> bool:
    windows = PureWindowsPath(path)
    return bool(windows.drive or windows.root) or ".." in windows.parts
