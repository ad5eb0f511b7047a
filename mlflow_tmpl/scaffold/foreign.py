"""Projects from starters of others: any cookiecutter template, whose code runs only if it is trusted."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ScaffoldError, UsageError
from mlflow_tmpl.scaffold import hooks, render
from mlflow_tmpl.scaffold.git import masked
from mlflow_tmpl.scaffold.names import check_package
from mlflow_tmpl.scaffold.sandbox import SANDBOX
from mlflow_tmpl.scaffold.source import CONTEXT_FILE, fetch
from mlflow_tmpl.scaffold.staging import check_free
from mlflow_tmpl.scaffold.trust import inside, read_context, refuse_code

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.scaffold.request import Request

_NESTED = ("templates", "template")
"""Variables that make a template a choice of templates, in cookiecutter's own order."""


def make_foreign(request: Request, staged: Path) -> tuple[Path, tuple[str, ...]]:
    """Make a project of a starter that is not built in, in a staging folder.

    Returns:
        Its folder, and no add-ons: those know the built-in starters only.

    Raises:
        MloError: the starter cannot be fetched, rendered or trusted, or the place is taken.
    """
    if request.add_ons:
        raise UsageError(f"--with goes with the built-in starters, and {masked(request.starter)!r} is none")
    template = _template(request, staged)
    with render.importing_from(template) if request.trust else nullcontext():
        context = _context(request, template)
        project = staged / "made" / render.folder_name(template, context)
        check_free(request.parent / project.name)
        project.mkdir(parents=True)
        context[render.VARIABLES]["_output_dir"] = str(project.parent)
        _generate(request, template, context, project)
    return project, ()


def _template(request: Request, staged: Path) -> Path:
    """Return the folder of the template proper: fetched, found to be harmless or trusted, and chosen."""
    template = fetch(
        request.starter,
        staged / "fetched",
        checkout=request.checkout,
        directory=request.directory,
        ask=request.ask,
    )
    if not request.trust:
        refuse_code(template)
    elif hooks.hook_files(template, (hooks.PRE_PROMPT,)):
        # Such a hook may rewrite the template, which is not ours to change.
        template = shutil.copytree(
            template, staged / "copied", symlinks=True, ignore=shutil.ignore_patterns(".git")
        )
        hooks.run_hooks(template, hooks.PRE_PROMPT, cwd=template, scripts=staged / "hooks", context=None)
    return _chosen(template, request)


def _chosen(template: Path, request: Request) -> Path:
    variables = _variables(template, request)
    if not any(key in variables for key in _NESTED):
        return template
    choice = render.choose_nested(template, variables, ask=request.ask)
    nested = inside(template, str(choice), "nested template")
    if nested == template.resolve() or not (nested / CONTEXT_FILE).is_file():
        raise ScaffoldError(f"nested template {choice.name!r} has no {CONTEXT_FILE} of its own")
    return _chosen(nested, request)


def _variables(template: Path, request: Request) -> dict[str, Any]:
    """Return the variables of a template, among them the sandbox if it is not trusted."""
    variables = read_context(template / CONTEXT_FILE)
    extensions = variables.get("_extensions", [])
    return variables | {"_extensions": extensions if request.trust else [*extensions, SANDBOX]}


def _context(request: Request, template: Path) -> dict[str, Any]:
    variables = _variables(template, request)
    private = {
        "_template": masked(request.starter),
        "_repo_dir": str(template),
        "_output_dir": "",
        "_checkout": request.checkout or None,
        "_extensions": variables["_extensions"],
    }
    context = render.complete(template, request.values(variables), ask=request.ask, private=private)
    names = context[render.VARIABLES]
    if "package_name" in names:
        check_package(str(names["package_name"]))
    return context


def _generate(request: Request, template: Path, context: dict[str, Any], project: Path) -> None:
    scripts = project.parent.parent / "hooks"
    if request.trust:
        hooks.run_hooks(template, hooks.PRE_GENERATION, cwd=project, scripts=scripts, context=context)
    render.render(template, context, project.parent)
    if request.trust:
        hooks.run_hooks(template, hooks.POST_GENERATION, cwd=project, scripts=scripts, context=context)
