"""What is in a dataset, as data: its shape, its columns, its first rows; one model for terminal, page and JSON."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.partitions import Partition
from mlflow_tmpl.catalog.extent import extent_of
from mlflow_tmpl.catalog.folder_places import LocalFolder
from mlflow_tmpl.catalog.trees import files_below
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, DataError
from mlflow_tmpl.views.contents import Content, content_of
from mlflow_tmpl.views.datasets import place_in
from mlflow_tmpl.views.pictures import PICTURES, picture_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog

_NAMES = 12
"""How many partitions are named."""
ROWS = 10
"""How many rows are shown unless asked otherwise."""
SMALL_BYTES = 16 << 20
"""A larger file is not read as a whole where its format can give the first rows alone."""
LARGE_BYTES = 512 << 20
"""A larger file that can only be read as a whole is not read unasked."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What is in a dataset.

    Attributes:
        name: the dataset.
        type: what the catalog calls its kind.
        where: ``file:line`` of its entry.
        place: where it lies.
        size_bytes: how much it takes there; ``None`` if that is not known.
        whole: whether all of it was read; if not, what is said is of what was read.
        content: what was found.
    """

    name: str
    type: str
    where: str
    place: str
    size_bytes: int | None
    whole: bool
    content: Content

    def to_json(self) -> dict[str, Any]:
        """Return the preview as plain data."""
        return {
            "name": self.name,
            "type": self.type,
            "where": self.where or None,
            "filepath": self.place or None,
            "bytes": self.size_bytes,
            "whole": self.whole,
            **self.content.to_json(),
        }

    def _repr_html_(self) -> str:
        """Return the preview as a notebook shows it."""
        from mlflow_tmpl.views.preview_html import preview_fragment

        return preview_fragment(self)


def preview(catalog: Catalog, name: str, *, rows: int = ROWS, whole: bool = False) -> Preview:
    """Return what is in a dataset; of a large file no more is read than is shown, where its format allows.

    Args:
        catalog: the datasets.
        name: the dataset, or ``NAME:VERSION`` for a past content of it.
        rows: how many rows are shown.
        whole: whether to read all of it, however large.

    Raises:
        LedgerError: there is no such version, or its content was not kept.
        CatalogError: there is no such dataset, or nothing to load.
        DataError: it cannot be loaded, or only as a whole and is too large for that.
    """
    if ":" in name:
        catalog, name = catalog.at_version(name), name.partition(":")[0]
    if catalog.is_memory(name):
        if name not in catalog:
            catalog.dataset(name)  # says so, with the nearest name
        hint = "give it a filepath in the catalog"
        raise CatalogError(
            f"dataset {name!r} is kept in memory: there is nothing of it between runs",
            where=catalog.where(name),
            hint=hint,
        )
    told, dataset = catalog.describe(name), catalog.dataset(name)
    place = place_in(told)
    if not catalog.exists(name):
        ask = getattr(getattr(dataset, "place", None), "reading_problem", None)
        problem, near = ask() if ask is not None else ("", "")
        raise CatalogError(
            f"dataset {name!r}: {place or 'it'} {problem or 'does not exist'}",
            where=catalog.where(name),
            hint=near or "run the node that makes it",
        )
    content, complete = _read(dataset, name, rows, whole)
    size = extent_of(dataset).bytes
    size = _folder_bytes(dataset) if size is None else size
    return Preview(name, str(told["type"]), catalog.where(name), place, size, complete, content)


def _read(dataset: Any, name: str, rows: int, whole: bool) -> tuple[Content, bool]:
    path: Path | None = getattr(dataset, "path", None)
    if path is not None and path.is_file() and path.suffix.lower() in PICTURES:
        return picture_of(path), True
    extent = extent_of(dataset)
    size = extent.bytes or 0
    if not whole and size > SMALL_BYTES and getattr(dataset, "head", None) is not None:
        return content_of(dataset.head(rows), rows).with_rows(extent.rows), False
    if not whole and size > LARGE_BYTES:
        raise DataError(
            f"dataset {name!r} takes {size:,} bytes and can only be read as a whole",
            hint="--whole reads it all the same",
        )
    value = dataset.load()
    if isinstance(value, dict) and value and all(isinstance(each, Partition) for each in value.values()):
        return _first_of(value, rows, whole), False
    return content_of(value, rows), True


def _first_of(partitions: Mapping[str, Partition], rows: int, whole: bool) -> Content:
    """Return what is in the first partition of a folder, with the names of all."""
    name, first = next(iter(partitions.items()))
    content, _ = _read(first.dataset, first.dataset.name, rows, whole)
    names = ", ".join([*islice(partitions, _NAMES), *(["..."] if len(partitions) > _NAMES else [])])
    told = {"partitions": f"{len(partitions):,}: {names}", "read": f"the first partition, {name!r}"}
    return replace(content, facts={**told, **content.facts})


def _folder_bytes(dataset: Any) -> int | None:
    """Return what all files of a folder take, if it is one of this machine."""
    place = getattr(dataset, "place", None)
    if not isinstance(place, LocalFolder):
        return None
    return sum(path.stat().st_size for _, path in files_below(place.path))
