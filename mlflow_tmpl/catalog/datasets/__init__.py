"""The kinds of data that the catalog knows, one module a family; nothing here imports their libraries."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.compression import COMPRESSED_SUFFIXES
from mlflow_tmpl.catalog.datasets.arrow import ARROW
from mlflow_tmpl.catalog.datasets.figure import FIGURES
from mlflow_tmpl.catalog.datasets.format import Format, Source
from mlflow_tmpl.catalog.datasets.models import MODELS
from mlflow_tmpl.catalog.datasets.pandas import PANDAS
from mlflow_tmpl.catalog.datasets.polars import POLARS
from mlflow_tmpl.catalog.datasets.relations import RELATIONS
from mlflow_tmpl.catalog.datasets.serial import SERIAL
from mlflow_tmpl.catalog.datasets.sources import SOURCES
from mlflow_tmpl.catalog.datasets.text import BYTES, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMATS = (*PANDAS, *SERIAL, TEXT, BYTES, *FIGURES, *MODELS, *POLARS, *ARROW, *RELATIONS)
"""In this order a suffix chooses among them: the first that has it."""

MEMORY_NAMES = ("memory", "MemoryDataset", "io.MemoryDataset")

LIBRARIES: Mapping[str, str] = MappingProxyType(
    {
        "pandas": "pandas",
        "polars": "polars",
        "polars.lazy": "polars.lazy",
        "arrow": "arrow",
        "duckdb": "duckdb",
        "ibis": "ibis",
        "pandas.GenericDataset": "pandas",
        "polars.EagerPolarsDataset": "polars",
        "polars.LazyPolarsDataset": "polars.lazy",
        "ibis.FileDataset": "ibis",
        "pickle.PickleDataset": "",
    }
)
"""Types that name a library and leave the format to `file_format` (`backend`, for pickles), or to the suffix."""

_BY_NAME: Mapping[str, Format] = MappingProxyType(
    {name: each for each in FORMATS for name in (each.name, *each.aliases)}
)


def _suffixes(each: Format) -> Iterator[str]:
    for suffix in each.suffixes:
        yield from (suffix + packed for packed in ("", *(COMPRESSED_SUFFIXES if each.compressed else ())))


_BY_SUFFIX: Mapping[str, Format] = MappingProxyType(
    {suffix: each for each in reversed(FORMATS) if "." not in each.name for suffix in _suffixes(each)}
)

_BY_LIBRARY: Mapping[tuple[str, str], Format] = MappingProxyType(
    {
        (name.rpartition(".")[0], suffix): each
        for each in FORMATS
        for name in (each.name, *each.aliases)
        for suffix in _suffixes(each)
    }
)

_SOURCES: Mapping[str, Source] = MappingProxyType(
    {name: each for each in SOURCES for name in (each.name, *each.aliases)}
)

TYPE_NAMES = (*_BY_NAME, *LIBRARIES, *_SOURCES, *MEMORY_NAMES)
"""Every name that an entry may give as its `type` without a module of its own."""


def format_named(name: str, filepath: str = "", file_format: str = "") -> Format | None:
    """Return the format of a short name or one of Kedro's names.

    Args:
        name: what an entry says of its type.
        filepath: where it lies: of a library's name, its suffix tells the format.
        file_format: the format, if the suffix does not tell it.

    Example:
        >>> format_named("polars", "data/x.parquet").name, format_named("polars.csv").name
        ('polars.parquet', 'polars.csv')
    """
    library = LIBRARIES.get(name)
    if library is not None and file_format:
        return _BY_NAME.get(f"{library}.{file_format}".lstrip("."))
    if library:
        return next(filter(None, (_BY_LIBRARY.get((library, end)) for end in _ends(filepath))), None)
    return _BY_NAME.get(name)


def source_named(name: str) -> Source | None:
    """Return the kind of source of a short name or one of Kedro's names."""
    return _SOURCES.get(name)


def packages_of(name: str) -> tuple[str, ...] | None:
    """Return the packages that do the work for a type, and that its values belong to, as they are imported.

    Args:
        name: as `describe` tells the type; ``None`` is returned for one that is none of these.

    Example:
        >>> packages_of("parquet"), packages_of("json"), packages_of("my_package.Scans")
        (('pyarrow', 'pandas'), (), None)
    """
    known = _BY_NAME.get(name) or _SOURCES.get(name)
    return tuple(filter(None, (known.package, known.library))) if known is not None else None


def formats_of(library: str) -> tuple[str, ...]:
    """Return the formats that a library's name leaves open.

    Example:
        >>> formats_of("duckdb")
        ('csv', 'parquet', 'json')
    """
    start = LIBRARIES[library] + "."
    names = (name for each in FORMATS for name in (each.name, *each.aliases) if name.startswith(start))
    return tuple(end for end in (name[len(start) :] for name in names) if end.isalpha() and end.islower())


def format_of_path(filepath: str) -> Format | None:
    """Return the format that a path's suffix tells, or ``None``.

    Example:
        >>> format_of_path("data/penguins.csv.gz").name
        'csv'
    """
    return next(filter(None, map(_BY_SUFFIX.get, _ends(filepath))), None)


def _ends(filepath: str) -> tuple[str, str]:
    """Return a path's last two suffixes together, and its last."""
    suffixes = filepath.replace("\\", "/").rpartition("/")[2].partition("?")[0].lower().split(".")[1:]
    return "." + ".".join(suffixes[-2:]), "." + ".".join(suffixes[-1:])


__all__ = [
    "FORMATS",
    "LIBRARIES",
    "MEMORY_NAMES",
    "SOURCES",
    "TYPE_NAMES",
    "Format",
    "Source",
    "format_named",
    "format_of_path",
    "formats_of",
    "packages_of",
    "source_named",
]
