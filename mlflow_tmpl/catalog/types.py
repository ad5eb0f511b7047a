"""What stands behind a type that is none of ours: a plug-in, a class of `kedro_datasets`, or any class by its path."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets import MEMORY_NAMES, TYPE_NAMES, Format, packages_of
from mlflow_tmpl.catalog.entry import unknown_type
from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

    from mlflow_tmpl.catalog.entry import Entry

GROUP = "mlflow_tmpl.datasets"
"""Entry points of packages that bring types: the name is the type, what it loads is a `Format` or a class."""

KEDRO = "kedro_datasets"


def packages_behind(described: Any) -> Iterator[str]:
    """Yield the packages, as they are imported, that load and save a dataset and that its values belong to.

    Args:
        described: what it says of itself; the types within it, as of partitions, count as well.
    """
    if isinstance(described, dict):
        yield from _packages_of(str(described.get("type", "memory")))
        for inner in described.values():
            yield from packages_behind(inner)


@lru_cache(maxsize=1024)
def _packages_of(name: str) -> tuple[str, ...]:
    known = () if name in MEMORY_NAMES else packages_of(name)
    if known is not None:
        return known
    brought = plugins().get(name, [])
    return (
        name.partition(".")[0],
        KEDRO,
        *(each.value.partition(":")[0].partition(".")[0] for each in brought),
    )


def find_type(entry: Entry) -> Format | type[Any]:
    """Return the format or class that an entry's type names; it is imported here and nowhere else.

    Raises:
        CatalogError: there is none, it cannot be imported, or two packages bring it.
    """
    name = entry.type_name
    brought = plugins()
    if name in brought:
        return _plugin(entry, brought[name])
    module, _, own = name.rpartition(".")
    if not module or not all(part.isidentifier() for part in name.split(".")):
        raise unknown_type(entry, brought)
    if _is_package(f"{KEDRO}.{module}"):
        module = f"{KEDRO}.{module}"
    try:
        found = getattr(import_module(module), own, None)
    except Exception as error:
        message = f"has type {name!r}, which cannot be imported: {one_line(error)}"
        raise entry.error(message, key="type", hint=_way_out(entry, error)) from error
    if not isinstance(found, type):
        raise unknown_type(entry, _classes_of(module))
    return found


def plugins() -> dict[str, list[EntryPoint]]:
    """Return the types that installed packages bring, each with those that bring it."""
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def _plugin(entry: Entry, points: list[EntryPoint]) -> Format | type[Any]:
    if len({point.value for point in points}) > 1:
        packages = " and ".join(sorted(point.dist.name if point.dist else point.value for point in points))
        hint = f"name the class by its path: {' or '.join(_path(point) for point in points)}"
        raise entry.error(f"has type {entry.type_name!r}, which {packages} both bring", key="type", hint=hint)
    try:
        found = points[0].load()
    except Exception as error:
        message = f"has type {entry.type_name!r}, which cannot be imported from {points[0].value}"
        raise entry.error(f"{message}: {one_line(error)}", key="type") from error
    if isinstance(found, (Format, type)):
        return found
    message = f"has type {entry.type_name!r}, and {points[0].value} is neither a class nor a Format"
    raise entry.error(message, key="type")


def _path(point: EntryPoint) -> str:
    return point.value.replace(":", ".")


def _is_package(name: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ImportError:
        return False


def _classes_of(module: str) -> list[str]:
    """Return what a module has, as types are written."""
    short = module.removeprefix(f"{KEDRO}.")
    return [f"{short}.{name}" for name in dir(import_module(module)) if not name.startswith("_")]


def _way_out(entry: Entry, error: Exception) -> str:
    """Return how a type that cannot be imported may be had."""
    family, _, own = entry.type_name.partition(".")
    misspelt = did_you_mean(family, {name.partition(".")[0] for name in TYPE_NAMES})
    if isinstance(error, ModuleNotFoundError) and own.endswith("Dataset") and not misspelt:
        return f"if it is one of Kedro's: pip install 'kedro-datasets[{family}-{own.lower()}]'"
    return did_you_mean(entry.type_name, TYPE_NAMES) or "it is the dotted path of a class, module.Class"
