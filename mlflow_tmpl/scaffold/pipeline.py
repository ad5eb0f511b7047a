"""A new pipeline in a project that is there: a module with a node to begin with, and a test of it."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import ScaffoldError, UsageError, place

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.settings import Settings

_MODULE = '''"""Say here what the pipeline {name!r} is for."""

from mlflow_tmpl import node


@node(outputs="{name}_result")
def make_{name}_result() -> dict[str, int]:
    """Return a first result; replace this by what the pipeline does."""
    return {{"answer": 42}}
'''

_TEST = """from {package}.nodes.{name} import make_{name}_result


def test_the_first_result_is_made():
    assert make_{name}_result() == {{"answer": 42}}
"""


def add_pipeline(root: Path, settings: Settings, name: str) -> list[Path]:
    """Write a module of nodes and a test of it, and return both.

    Args:
        root: the project's folder.
        settings: where its code lies.
        name: of the pipeline.

    Raises:
        UsageError: it is no name of a module.
        ScaffoldError: there is such a pipeline, or the files cannot be written.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise UsageError(
            f"{name!r} is no name for a pipeline", hint="use letters, digits and '_', as for a module"
        )
    package = root / settings.source / settings.package.replace(".", "/")
    nodes = package / "nodes"
    if not package.is_dir():
        raise ScaffoldError(
            f"package {settings.package!r} has no folder for a new module",
            where=place(root / "pyproject.toml"),
            hint="a project of a single file has one pipeline",
        )
    files = {
        nodes / f"{name}.py": _MODULE.format(name=name),
        root / "tests" / f"test_{name}.py": _TEST.format(name=name, package=settings.package),
    }
    for file in (nodes / name, *files):
        if file.exists():
            raise ScaffoldError(f"there is {place(file)!r} already", hint="choose another name")
    try:
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        (nodes / "__init__.py").touch()
    except OSError as error:
        raise ScaffoldError(
            f"the pipeline cannot be written: {error.strerror or error}",
            where=place(error.filename or nodes),
            hint="make the project's folder writable",
        ) from error
    return list(files)
