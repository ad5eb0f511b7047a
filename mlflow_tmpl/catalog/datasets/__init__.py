"""The file formats that the catalog knows, one module a family; nothing here imports their libraries."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.compression import COMPRESSED_SUFFIXES
from mlflow_tmpl.catalog.datasets.figure import FIGURE
from mlflow_tmpl.catalog.datasets.format import Format
from mlflow_tmpl.catalog.datasets.pandas import CSV, EXCEL, PARQUET
from mlflow_tmpl.catalog.datasets.serial import JOBLIB, JSON, PICKLE, YAML
from mlflow_tmpl.catalog.datasets.text import BYTES, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = (CSV, PARQUET, EXCEL, JSON, YAML, TEXT, BYTES, PICKLE, JOBLIB, FIGURE)

MEMORY_NAMES = ("memory", "MemoryDataset", "io.MemoryDataset")

_BY_NAME: Mapping[str, Format] = MappingProxyType(
    {name: each for each in FORMATS for name in (each.name, *each.aliases)}
)

_BY_SUFFIX: Mapping[str, Format] = MappingProxyType(
    {
        suffix + packed: each
        for each in FORMATS
        for suffix in each.suffixes
        for packed in ("", *(COMPRESSED_SUFFIXES if each.compressed else ()))
    }
)

TYPE_NAMES = (*_BY_NAME, *MEMORY_NAMES)
"""Every name that an entry may give as its `type` without a module of its own."""


def format_named(name: str) -> Format | None:
    """Return the format of a short name or one of Kedro's names."""
    return _BY_NAME.get(name)


def format_of_path(filepath: str) -> Format | None:
    """Return the format that a path's suffix tells, or ``None``.

    Example:
        >>> format_of_path("data/penguins.csv.gz").name
        'csv'
    """
    name = filepath.replace("\\", "/").rpartition("/")[2].partition("?")[0].lower()
    suffixes = name.split(".")[1:]
    return _BY_SUFFIX.get("." + ".".join(suffixes[-2:])) or _BY_SUFFIX.get("." + ".".join(suffixes[-1:]))


__all__ = ["FORMATS", "MEMORY_NAMES", "TYPE_NAMES", "Format", "format_named", "format_of_path"]
