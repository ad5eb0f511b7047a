"""Resolvers: what ``${name:arguments}`` calls. OmegaConf's own, Kedro's two, and those of the project."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.interpolation import lookup
from mlflow_tmpl.errors import ConfigError, MloError, did_you_mean, place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.config.interpolation import Path, Place, Tree
    from mlflow_tmpl.config.values import Value

_NO_DEFAULT = object()


class Resolvers:
    """Calls resolvers by name.

    Args:
        own: those of the project, name to ``package.module:function``; imported when one is called.
        trees: gives the values of ``globals`` and ``runtime_params``.
        tell: is told of the environment variables that are asked for, name and value.
    """

    def __init__(
        self,
        own: Mapping[str, str],
        trees: Callable[[str], Tree],
        tell: Callable[[str, str], None] = lambda *_: None,
    ) -> None:
        self._own = own
        self._tell = tell
        self._trees = trees
        self._builtin: dict[str, Callable[..., Any]] = {
            "oc.env": self._environment,
            "oc.decode": _create,  # the evaluation decodes itself: a text may have interpolations again
            "oc.select": _select,
            "oc.create": _create,
            "oc.deprecated": _deprecated,
            "oc.dict.keys": _keys,
            "oc.dict.values": _values,
            "globals": self._globals,
            "runtime_params": self._runtime_params,
        }

    def __call__(self, place: Place, name: str, args: Sequence[Any]) -> Any:
        """Return what a resolver gives.

        Raises:
            ConfigError: there is none of that name, or it fails.
        """
        known = self._builtin.get(name)
        if known is None:
            return self._call_own(place, name, args)
        try:
            signature(known).bind(place, *args)
        except TypeError:
            raise place.error(f"resolver {name!r} does not take {len(args)} arguments") from None
        return known(place, *args)

    def _call_own(self, place: Place, name: str, args: Sequence[Any]) -> Any:
        if name not in self._own:
            every = [*self._builtin, *self._own]
            hint = did_you_mean(name, every) or "those of a project are named in [tool.mlo.resolvers]"
            raise place.error(f"there is no resolver {name!r}", hint)
        try:
            return named_function(self._own[name], f"resolver {name!r}")(*args)
        except MloError:
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            hint = f"it is {self._own[name]!r}, as [tool.mlo.resolvers] says"
            raise place.error(f"resolver {name!r} failed: {told}", hint) from error

    def _environment(self, place: Place, name: object, default: Any = _NO_DEFAULT) -> Any:
        from mlflow_tmpl.config.evaluation import FromEnvironment

        name = str(name)
        if name in os.environ:
            self._tell(name, os.environ[name])
            return FromEnvironment(os.environ[name], name)
        if default is _NO_DEFAULT:
            hint = did_you_mean(name, os.environ) or f"set it, or write a default: ${{oc.env:{name},DEFAULT}}"
            raise place.error(f"environment variable {name!r} is not set", hint)
        return None if default is None else str(default)

    def _globals(self, place: Place, key: object, default: Any = _NO_DEFAULT) -> Any:
        hint = "add it to conf/base/globals.yml"
        return self._found("globals", place, str(key), default, "there is no global {key!r}", hint)

    def _runtime_params(self, place: Place, key: object, default: Any = _NO_DEFAULT) -> Any:
        hint = f"give --params {key}=VALUE, or a default: ${{runtime_params:{key},DEFAULT}}"
        return self._found("runtime_params", place, str(key), default, "parameter {key!r} is not given", hint)

    def _found(self, tree: str, place: Place, key: str, default: Any, problem: str, hint: str) -> Any:
        found = self._trees(tree).find(tuple(key.split(".")))
        if found is not None:
            return found
        if default is not _NO_DEFAULT:
            return default
        raise place.error(problem.format(key=key), did_you_mean(key, self._trees(tree).known()) or hint)


def named_function(dotted: str, noun: str) -> Callable[..., Any]:
    """Return the function that ``package.module:function`` names.

    Raises:
        ConfigError: it cannot be imported, or is none.
    """
    module, _, name = dotted.partition(":")
    where = place("pyproject.toml")
    try:
        found = getattr(import_module(module), name, None) if name else None
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise ConfigError(f"{noun} cannot be imported from {dotted!r}: {told}", where=where) from error
    if not callable(found):
        hint = "write package.module:function"
        raise ConfigError(f"{noun} is {dotted!r}, which is no function", where=where, hint=hint)
    function: Callable[..., Any] = found
    return function


def _select(place: Place, key: object, default: Any = None) -> Any:
    found = place.tree.find(_path(place, str(key)))
    return default if found is None else found


def _create(_: Place, data: Any) -> Any:
    return data


def _deprecated(place: Place, key: object, message: str = "'$OLD_KEY' is deprecated, use '$NEW_KEY'") -> Any:
    old, new = ".".join(map(str, place.path)), str(key)
    warnings.warn(message.replace("$OLD_KEY", old).replace("$NEW_KEY", new), stacklevel=2)
    return lookup(place, _path(place, new), f"${{oc.deprecated:{new}}}")


def _keys(place: Place, of: Any) -> list[str]:
    return list(_mapping(place, of, "oc.dict.keys"))


def _values(place: Place, of: Any) -> list[Any]:
    return list(_mapping(place, of, "oc.dict.values").values())


def _mapping(place: Place, of: Any, name: str) -> dict[str, Any]:
    value: Value | None = None
    if isinstance(of, str):
        value = lookup(place, _path(place, of), f"${{{name}:{of}}}")
        of = value.data
    if not isinstance(of, dict):
        raise place.error(f"resolver {name!r} takes a mapping, or the key of one")
    return of


def _path(place: Place, key: str) -> Path:
    """Return the path that a dotted key means; with dots before it, from the mapping that the text stands in."""
    dots = len(key) - len(key.lstrip("."))
    base = place.path[: max(0, len(place.path) - dots)] if dots else ()
    return (*base, *key[dots:].split("."))
