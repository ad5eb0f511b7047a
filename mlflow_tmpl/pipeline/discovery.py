"""Finding nodes in a project's code; a module is imported only when a pipeline that needs it is asked for."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import PipelineError, ProjectError, UsageError, did_you_mean, place
from mlflow_tmpl.pipeline.node import Node
from mlflow_tmpl.pipeline.pipeline import Pipeline
from mlflow_tmpl.pipeline.signature import read_signature, where_defined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

DEFAULT = "__default__"
"""Name of the pipeline of all nodes."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class DiscoveredPipelines(Mapping[str, Pipeline]):
    """The pipelines of a package of node modules: one a module, under its name, and all of them as ``__default__``.

    Args:
        folders: the package's folders.
        package: its dotted name.
        load: imports a module by its dotted name.
    """

    def __init__(self, folders: list[str], package: str, load: Callable[[str], ModuleType]) -> None:
        self._package = package
        self._folders = folders
        self._load = load
        self._made: dict[str, Pipeline] = {}
        self._names = tuple(
            sorted(found.name for found in pkgutil.iter_modules(folders) if not found.name.startswith("_"))
        )

    def __getitem__(self, name: str) -> Pipeline:
        if name not in self._made:
            self._made[name] = self._all() if name == DEFAULT else self._one(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter((DEFAULT, *self._names))

    def __len__(self) -> int:
        return len(self._names) + 1

    def _all(self) -> Pipeline:
        return Pipeline([self[name] for name in self._names])

    def _one(self, name: str) -> Pipeline:
        if name not in self._names:
            raise unknown_pipeline(name, self)
        module = self._load(f"{self._package}.{name}")
        modules = [module]
        if hasattr(module, "__path__"):
            inner = pkgutil.walk_packages(module.__path__, f"{module.__name__}.")
            modules += [self._load(found.name) for found in sorted(inner, key=lambda found: found.name)]
        return Pipeline([node for each in modules for node in nodes_of(each)])


def nodes_of(module: ModuleType) -> Iterator[Node]:
    """Yield the nodes that a module defines, in the order in which they stand.

    Raises:
        PipelineError: a node function is hidden below another decorator.
    """
    for name, value in vars(module).items():
        if isinstance(value, Node):
            yield value
        made = (
            getattr(value, "__mlo_node__", None) if callable(value) and not isinstance(value, type) else None
        )
        if isinstance(made, Node) and getattr(value, "__module__", None) == module.__name__:
            if made.func is not value:
                raise made.error(
                    f"node function {name!r} has a decorator above @node, which would be passed over",
                    hint="put @node above the other decorators",
                )
            yield made


def registered_pipelines(module: ModuleType, parameters: Callable[[], Any]) -> Mapping[str, Pipeline]:
    """Return what a project's ``register_pipelines()`` makes.

    Args:
        module: the project's ``pipelines`` module.
        parameters: gives the resolved parameters, if the function takes them.

    Raises:
        ProjectError: there is no such function, it fails, or it returns something else than pipelines by name.
    """
    register = getattr(module, "register_pipelines", None)
    if not callable(register):
        raise ProjectError(
            "module 'pipelines' has no register_pipelines()",
            where=place(module.__file__ or "pipelines.py"),
            hint="define register_pipelines() or register_pipelines(params), or remove the module",
        )
    arguments = read_signature(register).positional
    try:
        made = register(parameters()) if arguments else register()
    except PipelineError:
        raise
    except Exception as error:
        raise ProjectError(
            f"register_pipelines() failed: {type(error).__name__}: {error}",
            where=user_frame(error) or where_defined(register),
        ) from error
    if not isinstance(made, Mapping) or not all(isinstance(pipeline, Pipeline) for pipeline in made.values()):
        raise ProjectError(
            f"register_pipelines() returned {_told(made)}",
            where=where_defined(register),
            hint="return a dict from names to Pipeline objects",
        )
    return {DEFAULT: Pipeline(made.values()), **made} if DEFAULT not in made else dict(made)


def _told(made: object) -> str:
    if not isinstance(made, Mapping):
        return type(made).__name__
    wrong = next(name for name, pipeline in made.items() if not isinstance(pipeline, Pipeline))
    return f"{type(made[wrong]).__name__} for {wrong!r}"


def unknown_pipeline(name: str, known: Mapping[str, Pipeline]) -> UsageError:
    """Return the error for a pipeline that is not there."""
    hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
    return UsageError(f"there is no pipeline {name!r}", hint=hint)


def import_failure(name: str, error: Exception) -> ProjectError:
    """Return the error for a module of the project that cannot be imported, at the user's own line."""
    hint = ""
    if (
        isinstance(error, ModuleNotFoundError)
        and error.name
        and not error.name.startswith(name.partition(".")[0])
    ):
        hint = f"pip install the package that has {error.name.partition('.')[0]!r}"
    return ProjectError(
        f"module {name!r} cannot be imported: {type(error).__name__}: {_message(error)}",
        where=user_frame(error),
        hint=hint,
    )


def _message(error: Exception) -> str:
    return (
        str(error.msg)
        if isinstance(error, SyntaxError)
        else (str(error).strip().splitlines() or ["no message"])[0]
    )


def user_frame(error: BaseException) -> str:
    """Return ``file:line`` of the innermost frame of the user's own code, or an empty string."""
    if isinstance(error, SyntaxError) and error.filename:
        return place(error.filename, error.lineno or 0)
    import traceback

    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((_PACKAGE, "<"))
        and "site-packages" not in frame.filename
        and not frame.filename.startswith(os.path.dirname(os.__file__) + os.sep)
    ]
    return place(own[-1].filename, own[-1].lineno or 0) if own else ""
