"""Loads the hooks of installed packages, of `[tool.mlo] hooks`, and of the project's `hooks.py`."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import pluggy

from mlflow_tmpl.errors import ProjectError, did_you_mean, place
from mlflow_tmpl.hooks.specs import NAMES, NAMESPACE, Specs
from mlflow_tmpl.pipeline.discovery import import_failure, user_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.hooks.points import Point

OURS = {"mlflow": "mlflow_tmpl.hooks.mlflow:MlflowHooks", "otel": "mlflow_tmpl.hooks.otel:OtelHooks"}
"""Short names of the hooks that come with mlo; each needs the extra of its name."""

_MARK = f"{NAMESPACE}_impl"


class Call(NamedTuple):
    """A function that is a hook.

    Attributes:
        name: of the plug-in that it belongs to.
        function: what is called.
        takes: names of its arguments.
        where: ``file:line``.
    """

    name: str
    function: Callable[..., Any]
    takes: tuple[str, ...]
    where: str


def load_calls(
    points: Iterable[Point],
    named: Sequence[str],
    module: str,
    told_in: str,
    tell: Callable[[str], object],
) -> Mapping[str, Sequence[Call]]:
    """Return hook to functions, in the order in which they are called: the project's own first.

    Args:
        points: of installed packages; one that cannot be loaded is told, and left out.
        named: hooks that the project names.
        module: the project's own module of hooks; empty if it has none.
        told_in: where the project names them.
        tell: takes a sentence about what was left out.

    Raises:
        ProjectError: hooks of the project cannot be loaded, or are none.
    """
    manager = pluggy.PluginManager(NAMESPACE)
    manager.add_hookspecs(Specs)
    for point in points:
        try:
            _register(manager, _found(point.value, point.name, ""), point.name, "")
        except ProjectError as error:
            tell(f"hooks {point.name!r} of package {point.package!r} are left out: {error}")
    for name in named:
        if name not in OURS and ":" not in name:
            hint = did_you_mean(name, OURS) or f"write package.module:Name, or one of {', '.join(OURS)}"
            raise ProjectError(f"there are no hooks {name!r}", where=told_in, hint=hint)
        _register(manager, _found(OURS.get(name, name), name, told_in), name, told_in)
    if module:
        for plugin, name in _of_module(_import(module, "")):
            _register(manager, plugin, name, "")
    return {name: tuple(_calls(manager, name)) for name in NAMES}


def _found(value: str, name: str, told_in: str) -> Any:
    """Return what ``package.module:Name`` names: a module or an object; of a class an instance."""
    module, _, path = value.partition(":")
    found: Any = _import(module, told_in)
    for part in filter(None, path.split(".")):
        try:
            found = getattr(found, part)
        except AttributeError:
            hint = did_you_mean(part, dir(found)) or f"{module} has no such name"
            raise ProjectError(f"hooks {name!r} are not in {value!r}", where=told_in, hint=hint) from None
    return _made(found, name) if inspect.isclass(found) else found


def _import(module: str, told_in: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ProjectError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise ProjectError(f"there is no module {module!r} with hooks", where=told_in) from error
        raise import_failure(module, error) from error
    except SystemExit as error:
        problem = f"module {module!r} with hooks ends the program when it is imported"
        raise ProjectError(problem, where=user_frame(error) or told_in) from error
    except Exception as error:
        raise import_failure(module, error) from error


def _made(kind: type, name: str) -> Any:
    try:
        return kind()
    except ProjectError:
        raise
    except Exception as error:
        problem = f"hooks {name!r} cannot be made: {type(error).__name__}: {error}"
        raise ProjectError(problem, where=_where(kind), hint="they are made without arguments") from error


def _of_module(module: ModuleType) -> Iterator[tuple[Any, str]]:
    """Yield the plug-ins in the project's own module: itself, and one of each class with hooks that it defines."""
    name = module.__name__
    yield module, name
    for each in list(vars(module).values()):
        if inspect.isclass(each) and each.__module__ == name and _marked(each):
            yield _made(each, each.__qualname__), f"{name}:{each.__qualname__}"


def _marked(plugin: object) -> list[str]:
    return [name for name, each in inspect.getmembers(plugin, inspect.isroutine) if hasattr(each, _MARK)]


def _register(manager: pluggy.PluginManager, plugin: Any, name: str, told_in: str) -> None:
    marked = _marked(plugin)
    kind = plugin if isinstance(plugin, ModuleType) else type(plugin)
    place_of = told_in or _where(kind)
    for hook in marked:
        if hook not in NAMES:
            hint = did_you_mean(hook, NAMES) or f"there are {', '.join(NAMES)}"
            raise ProjectError(
                f"there is no hook {hook!r}, which {name!r} has",
                where=_where(getattr(plugin, hook)),
                hint=hint,
            )
        options = getattr(getattr(plugin, hook), _MARK)
        if options.get("wrapper") or options.get("hookwrapper"):
            hint = "there is a hook before and one after each thing that happens"
            where = _where(getattr(plugin, hook))
            raise ProjectError(f"{hook}() of hooks {name!r} is a wrapper", where=where, hint=hint)
    unmarked = next(
        (hook for hook in NAMES if hook not in marked and callable(getattr(plugin, hook, None))), ""
    )
    if unmarked:
        problem = f"{unmarked}() of hooks {name!r} is not marked"
        hint = "put @hookimpl above it: from mlflow_tmpl.hooks import hookimpl"
        raise ProjectError(problem, where=_where(getattr(plugin, unmarked)), hint=hint)
    if not marked and not isinstance(plugin, ModuleType):
        raise ProjectError(f"{name!r} has no hooks", where=place_of, hint="mark its methods with @hookimpl")
    try:
        manager.register(plugin, name)
    except pluggy.PluginValidationError as error:
        raise _refused(plugin, name, marked, error) from error
    except ValueError as error:  # named twice
        raise ProjectError(f"hooks {name!r} are named twice", where=told_in) from error


def _refused(plugin: Any, name: str, marked: Sequence[str], error: Exception) -> ProjectError:
    """Return what is wrong with a hook that asks for what it cannot be given."""
    for hook in marked:
        function = getattr(plugin, hook)
        known = [each for each in inspect.signature(getattr(Specs, hook)).parameters if each != "self"]
        for argument in inspect.signature(function).parameters:
            if argument not in known:
                hint = did_you_mean(argument, known) or f"it may take {', '.join(known)}"
                problem = f"{hook}() of hooks {name!r} takes {argument!r}, which it is not told"
                return ProjectError(problem, where=_where(function), hint=hint)
    return ProjectError(f"hooks {name!r} cannot be used: {error}", where=_where(type(plugin)))


def _calls(manager: pluggy.PluginManager, hook: str) -> Iterator[Call]:
    for impl in reversed(getattr(manager.hook, hook).get_hookimpls()):
        yield Call(impl.plugin_name, impl.function, tuple(impl.argnames), _where(impl.function))


def _where(thing: Any) -> str:
    code = getattr(
        inspect.unwrap(thing) if callable(thing) and not inspect.isclass(thing) else thing, "__code__", None
    )
    if code is not None:
        return place(code.co_filename, code.co_firstlineno)
    module = sys.modules.get(getattr(thing, "__module__", ""), thing)
    file = getattr(module, "__file__", None)
    return place(Path(file)) if file else ""
