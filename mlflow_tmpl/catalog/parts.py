"""Datasets that consist of parts, each of which is a dataset of its own: ``raw[2024-01]`` of ``raw``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_tmpl.catalog.catalog import Catalog
    from mlflow_tmpl.catalog.dataset import Dataset


def has_parts(catalog: Catalog, name: str) -> bool:
    """Tell whether a dataset consists of parts that can be loaded and saved one by one."""
    return not catalog.is_memory(name) and hasattr(_inner(catalog.dataset(name)), "part")


def parts_of(catalog: Catalog, name: str) -> list[str]:
    """Return the names of a dataset's parts; none if it is not there yet.

    Raises:
        DataError: they cannot be listed.
    """
    dataset = catalog.dataset(name)
    return list(_inner(dataset).parts()) if dataset.exists() else []


def part_of(catalog: Catalog, name: str, part: str) -> Dataset:
    """Return one part of a dataset, which need not be there yet."""
    found: Dataset = _inner(catalog.dataset(name)).part(part)
    return found


def _inner(dataset: Dataset) -> Any:
    """Return the object behind a dataset: what it can do beyond loading and saving."""
    return getattr(dataset, "wrapped", dataset)
