"""The code of a project: its package is imported, and its pipelines are found in it or made by it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import MloError, ProjectError, place
from mlflow_tmpl.pipeline import Pipeline
from mlflow_tmpl.pipeline.discovery import (
    DEFAULT,
    DiscoveredPipelines,
    import_failure,
    nodes_of,
    registered_pipelines,
    user_frame,
)
from mlflow_tmpl.pipeline.signature import read_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import ModuleType

    from mlflow_tmpl.config import Value
    from mlflow_tmpl.settings import Settings


class Assembly:
    """Imports the code of a project, when it is asked for.

    Args:
        root: the project's folder.
        settings: what its `[tool.mlo]` says.
        heard: listens to what the code does while it is loaded.
    """

    def __init__(
        self, root: Path, settings: Settings, heard: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._root = root
        self._settings = settings
        self._heard = heard
        self._lock = RLock()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Make code of the project importable that belongs to no pipeline, such as its hooks."""
        self.find_source()
        with keeping_sources():
            yield

    def find_source(self) -> Path:
        """Make the project's modules importable: its nodes, and the types and schemas that the catalog names."""
        source = self._root / self._settings.source
        if source.is_dir() and str(source) not in sys.path:
            sys.path.insert(0, str(source))
        return source

    @cached_property
    def _package(self) -> ModuleType:
        source = self.find_source()
        package = self._import(self._settings.package)
        file = getattr(package, "__file__", None) or next(iter(getattr(package, "__path__", [""])), "")
        inside = any((source / f"{self._settings.package}{suffix}").exists() for suffix in ("", ".py"))
        if inside and not Path(file).resolve().is_relative_to(source.resolve()):
            raise ProjectError(
                f"package {self._settings.package!r} is already imported from {place(file)}",
                where=place(self._root / "pyproject.toml"),
                hint="open two projects whose packages have one name in two processes",
            )
        return package

    @property
    def takes_parameters(self) -> bool:
        """Whether pipelines are made from the parameters."""
        module = self.registry
        return module is not None and bool(read_signature(module.register_pipelines).positional)

    @cached_property
    def registry(self) -> ModuleType | None:
        """The module with `register_pipelines()`, if the project has one."""
        if self._is_single_file:
            return self._package if hasattr(self._package, "register_pipelines") else None
        name = f"{self._package.__name__}.pipelines"
        return self._import(name) if importlib.util.find_spec(name) is not None else None

    @property
    def _is_single_file(self) -> bool:
        """Whether the project's code is one module, which then has the nodes."""
        return not hasattr(self._package, "__path__")

    def pipelines(self, parameters: Value) -> Mapping[str, Pipeline]:
        """Return the pipelines by name.

        Args:
            parameters: what they are made from, if they are.

        Raises:
            ProjectError: the package cannot be found or imported.
        """
        with self._lock:
            if self.registry is not None:
                with self._heard():
                    return registered_pipelines(self.registry, parameters.plain)
            if self._is_single_file:
                return {DEFAULT: Pipeline(nodes_of(self._package))}
            name = f"{self._package.__name__}.nodes"
            spec = importlib.util.find_spec(name)
            if spec is None or not spec.submodule_search_locations:
                raise ProjectError(
                    f"package {self._package.__name__!r} has neither 'pipelines.py' nor a package 'nodes'",
                    where=place(Path(self._settings.source) / self._settings.package),
                    hint="add modules with @node functions to its folder 'nodes'",
                )
            return DiscoveredPipelines(list(spec.submodule_search_locations), name, self._import)

    def _import(self, name: str) -> ModuleType:
        """Import a module of the project, keeping the sources of all that is loaded with it."""
        try:
            with keeping_sources(), self._heard():
                return importlib.import_module(name)
        except MloError:
            raise
        except SystemExit as error:
            raise ProjectError(
                f"module {name!r} ends the program when it is imported",
                where=user_frame(error),
                hint="keep what runs as a script below: if __name__ == '__main__'",
            ) from error
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name == self._settings.package:
                source = self._root / self._settings.source
                raise ProjectError(
                    f"the project's package {self._settings.package!r} is not there",
                    where=place(self._root / "pyproject.toml"),
                    hint=f"it is looked for in {place(source)} and among the installed packages",
                ) from error
            raise import_failure(name, error) from error


@contextmanager
def keeping_sources() -> Iterator[None]:
    """Import as the sources are now, and keep those of all that is loaded meanwhile."""
    from mlflow_tmpl.planning.code import distrusting_bytecode, remember_loaded_sources

    before = set(sys.modules)
    try:
        with distrusting_bytecode():
            yield
    finally:
        remember_loaded_sources([sys.modules[each] for each in set(sys.modules) - before])
