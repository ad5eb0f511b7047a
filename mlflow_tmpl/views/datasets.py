"""What the catalog and the pipeline say together of each dataset: what it is, who makes it, who takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.failures import one_line
from mlflow_tmpl.catalog.places import is_remote
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, MloError, did_you_mean
from mlflow_tmpl.masking import mask_urls
from mlflow_tmpl.pipeline.names import base_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.catalog.patterns import Pattern
    from mlflow_tmpl.pipeline import Pipeline

AT_ONCE = 8
"""How many remote places are asked at the same time whether they are there."""


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One dataset.

    Attributes:
        name: the dataset.
        type: what the catalog calls its kind.
        place: where it lies; empty for a value in memory.
        exists: whether there is something to load; ``None`` where that cannot be said, as of a value in memory.
        problem: why that could not be found out.
        made_by: the node that makes it, or empty.
        taken_by: the nodes that take it.
        layer: where the catalog puts it.
        where: ``file:line`` of its entry, or empty.
        pattern: the pattern that it falls to, or empty.
    """

    name: str
    type: str
    place: str
    exists: bool | None
    problem: str
    made_by: str
    taken_by: tuple[str, ...]
    layer: str
    where: str
    pattern: str

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "name": self.name,
            "type": self.type,
            "filepath": self.place or None,
            "exists": self.exists,
            **({"problem": self.problem} if self.problem else {}),
            "made_by": self.made_by or None,
            "taken_by": list(self.taken_by),
            "layer": self.layer or None,
            "where": self.where or None,
            "pattern": self.pattern or None,
        }


def dataset_rows(catalog: Catalog, pipeline: Pipeline | None) -> list[DatasetRow]:
    """Return a row for each dataset that has an entry or that a node makes or takes.

    Args:
        catalog: the entries.
        pipeline: the nodes; ``None`` if they cannot be loaded.
    """
    names = list(dict.fromkeys([*catalog.names, *(pipeline.datasets if pipeline else ())]))
    there = _existences(catalog, names)
    return [_row(name, catalog, pipeline, there[name]) for name in names]


def dataset_row(name: str, catalog: Catalog, pipeline: Pipeline | None) -> DatasetRow:
    """Return the row of one dataset.

    Raises:
        CatalogError: it is not in the catalog, and no node makes or takes it.
    """
    used = pipeline.datasets if pipeline else ()
    if name not in catalog and name not in used:
        raise CatalogError(
            f"dataset {name!r} is not in the catalog, and no node makes or takes it",
            hint=did_you_mean(name, {*catalog.names, *used}) or "mlo catalog list names all there are",
        )
    return _row(name, catalog, pipeline, _existence(catalog, name))


def pattern_json(pattern: Pattern, catalog: Catalog) -> dict[str, Any]:
    """Return what is said of a pattern."""
    told = catalog.describe_pattern(pattern)
    return {
        "pattern": pattern.text,
        "type": told["type"],
        "filepath": told.get("filepath"),
        "layer": told.get("layer"),
        "where": pattern.where,
    }


def _row(
    name: str, catalog: Catalog, pipeline: Pipeline | None, existence: tuple[bool | None, str]
) -> DatasetRow:
    told = catalog.describe(name)
    found = catalog.resolve(name)
    made_by, taken_by = _nodes(name, pipeline)
    return DatasetRow(
        name=name,
        type=str(told["type"]),
        place=place_in(told),
        exists=existence[0],
        problem=existence[1],
        made_by=made_by,
        taken_by=taken_by,
        layer=str(told.get("layer") or ""),
        where=catalog.where(name),
        pattern=found.pattern.text if found.pattern else "",
    )


def place_in(told: Mapping[str, Any]) -> str:
    """Return where a dataset lies, of what is said of it: its path, or what a class of others has for one."""
    return mask_urls(
        str(
            next(
                (told[key] for key in ("filepath", "path", "url", "table", "table_name") if told.get(key)), ""
            )
        )
    )


def _nodes(name: str, pipeline: Pipeline | None) -> tuple[str, tuple[str, ...]]:
    if pipeline is None:
        return "", ()
    base = base_name(name)
    maker = pipeline.producers.get(base)
    takers = tuple(pipeline.nodes[at].name for at in pipeline.consumers.get(base, ()))
    return ("" if maker is None else pipeline.nodes[maker].name), takers


def _existences(catalog: Catalog, names: Sequence[str]) -> dict[str, tuple[bool | None, str]]:
    """Ask of each dataset whether it is there; of remote ones at once, as each answer takes its time."""
    from concurrent.futures import ThreadPoolExecutor

    remote = [name for name in names if is_remote(place_in(catalog.describe(name)))]
    found = {name: _existence(catalog, name) for name in names if name not in set(remote)}
    if remote:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found.update(zip(remote, pool.map(lambda name: _existence(catalog, name), remote), strict=True))
    return found


def _existence(catalog: Catalog, name: str) -> tuple[bool | None, str]:
    if catalog.is_memory(name):
        return None, ""
    try:
        return catalog.exists(name), ""
    except MloError as error:
        return None, error.message
    except Exception as error:  # noqa: BLE001 (a class of others may raise anything, and the rest is to be listed)
        return None, one_line(error)
