"""What can be known of the datasets of a run before its first node starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.extras import pip_line
from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.catalog.file_dataset import FileDataset
from mlflow_tmpl.catalog.places import LocalFile
from mlflow_tmpl.catalog.real_paths import RealPaths
from mlflow_tmpl.errors import CatalogError, DataError
from mlflow_tmpl.pipeline.names import is_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from mlflow_tmpl.catalog.catalog import Catalog
    from mlflow_tmpl.catalog.dataset import Dataset


def check_use(catalog: Catalog, inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """Check the entries that a run takes from and gives to.

    Raises:
        CatalogError: the first that cannot work.
    """
    for name in dict.fromkeys(inputs):
        if not is_parameter(name):
            _check_input(catalog, name)
            _check_schema(catalog, name)
    taken: dict[str, str] = {}
    real = RealPaths()
    for name in dict.fromkeys(outputs):
        if not catalog.is_memory(name):
            _check_output(catalog, name, real)
            _check_schema(catalog, name)
            _claim(catalog, name, taken, real)


def _check_input(catalog: Catalog, name: str) -> None:
    dataset = catalog.dataset(name)
    if isinstance(dataset, FileDataset):
        _check_file(dataset)
    elif catalog.is_memory(name):
        raise CatalogError(
            f"dataset {name!r} is kept in memory, and nothing gives it",
            where=catalog.where(name),
            hint="give it a filepath, or run the node that makes it",
        )
    elif not _exists(dataset):
        raise CatalogError(f"dataset {name!r} does not exist", where=catalog.where(name))


def _check_schema(catalog: Catalog, name: str) -> None:
    schema = catalog.schema(name)
    if schema is not None:
        schema.check()


def _check_file(dataset: FileDataset) -> None:
    _check_package(dataset, dataset.load_args)
    if dataset.format.load is None:
        raise _error(dataset, f"cannot be loaded from {dataset.filepath}", dataset.format.instead)
    try:
        problem, hint = dataset.place.reading_problem()
    except Exception as error:
        told = one_line(error, dataset.secrets.mask)
        raise _error(dataset, f"cannot be reached at {dataset.filepath}: {told}") from error
    if problem:
        raise CatalogError(
            f"dataset {dataset.name!r}: {dataset.filepath} {problem}", where=dataset.where, hint=hint
        )


def _exists(dataset: Dataset) -> bool:
    try:
        return bool(dataset.exists())
    except DataError as error:
        raise CatalogError(error.message, where=error.where, hint=error.hint) from error


def _check_output(catalog: Catalog, name: str, real: RealPaths) -> None:
    dataset = catalog.dataset(name)
    if isinstance(dataset, FileDataset):
        _check_package(dataset, dataset.save_args)
    problem = _saving_problem(dataset, real)
    if problem:
        filepath = catalog.describe(name).get("filepath")
        target = f"to {filepath}" if filepath else ""
        raise CatalogError(
            f"dataset {name!r} cannot be saved {target}".rstrip() + f": {problem}",
            where=catalog.where(name),
            hint=dataset.format.instead if isinstance(dataset, FileDataset) else "",
        )


def _saving_problem(dataset: Dataset, real: RealPaths) -> str:
    """Return why a dataset cannot be saved, as far as that can be told before; empty if nothing speaks against it."""
    form, place = getattr(dataset, "format", None), getattr(dataset, "place", None)
    if getattr(dataset, "read_only", False) or (form is not None and form.save is None):
        return "it is only read"
    if isinstance(place, LocalFile):
        return place.writing_problem(real)
    return place.writing_problem() if place is not None else ""


def _claim(catalog: Catalog, name: str, taken: dict[str, str], real: RealPaths) -> None:
    location = catalog.location(name, real)
    other = taken.setdefault(location, name) if location else name
    if other != name:
        filepath = catalog.describe(name)["filepath"]
        raise CatalogError(
            f"datasets {other!r} and {name!r} would be saved to the same place, {filepath}",
            where=catalog.where(name),
            hint=_way_apart(catalog, name, other),
        )


def _way_apart(catalog: Catalog, name: str, other: str) -> str:
    pattern = catalog.resolve(name).pattern
    if pattern is not None and pattern is catalog.resolve(other).pattern:
        return f"both fall to pattern {pattern.text!r}: put a placeholder into its filepath"
    return f"the other is declared at {catalog.where(other)}"


def _check_package(dataset: FileDataset, arguments: Mapping[str, Any]) -> None:
    """Refuse a format whose library is not installed, unless the entry names another engine."""
    from importlib.util import find_spec

    package = dataset.format.package
    if package and "engine" not in arguments and find_spec(package) is None:
        raise _error(dataset, f"needs the package {package!r}", pip_line(dataset.format.extra))


def _error(dataset: FileDataset, problem: str, hint: str = "") -> CatalogError:
    return CatalogError(f"dataset {dataset.name!r} {problem}", where=dataset.where, hint=hint)
