"""What a plan or a run is asked for from Python, in the terms of planning: names, overrides, versions, selectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.real_paths import RealPaths
from mlflow_tmpl.config import Origin, located
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import UsageError, did_you_mean
from mlflow_tmpl.pipeline import Selection
from mlflow_tmpl.pipeline.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.engine.events import Listener
    from mlflow_tmpl.pipeline import Pipeline

    Names = str | Iterable[str]
    Overrides = Mapping[str, Any] | Sequence[Value]

_SELECTORS = tuple(each.name for each in fields(Selection))


@dataclass(frozen=True)
class Asked:
    """What a plan is asked for, beside the pipelines: arguments of `Project.plan`."""

    params: Overrides | None
    reuse: bool
    force: frozenset[str]
    load_versions: Mapping[str, str]
    validate: bool
    selectors: Mapping[str, Names]

    def with_versions(self, versions: Mapping[str, str]) -> Asked:
        """Return the same with other versions of inputs."""
        return replace(self, load_versions=versions)


@dataclass(frozen=True)
class Manner:
    """How a run is made, whatever it makes: arguments of `Project.run`."""

    engine: str | None = None
    address: str | None = None
    jobs: int | None = None
    keep_going: bool | None = None
    wait: bool | float = False
    listeners: Sequence[Listener] = ()
    command: str = ""
    cause: str = ""
    parent: str = ""
    tag: Mapping[str, str] = field(default_factory=dict)


def told_apart(params: Overrides | None, settings: Mapping[str, Any]) -> tuple[Asked, Manner]:
    """Return arguments of `Project.run` as what is asked for, and how it is made."""
    rest = dict(settings)
    manner = {each.name: rest.pop(each.name) for each in fields(Manner) if each.name in rest}
    force, versions = frozenset(names_of(rest.pop("force", ()))), rest.pop("load_versions", None) or {}
    reading = rest.pop("reuse", True), force, versions, rest.pop("validate", True)
    return Asked(params, *reading, rest), Manner(**manner)


def read_as(catalog: Catalog, part: Pipeline, versions: Mapping[str, str], validate: bool) -> Catalog:
    """Return a catalog with some versions of inputs, and with or without checks."""
    if not versions and validate:
        return catalog
    for name in versions:
        if name not in part.inputs:
            made = base_name(name) in part.producers
            hint = "leave out the node that makes it" if made else did_you_mean(name, part.inputs)
            problem = "this run makes it" if made else "no node of this run takes it"
            raise UsageError(f"no version of dataset {name!r} can be chosen: {problem}", hint=hint)
    return catalog.variant(versions=versions, validate=validate)


def saved_files(catalog: Catalog, pipeline: Pipeline) -> frozenset[Path]:
    """Return the files that a pipeline saves."""
    saved = (name for node in pipeline for name in node.outputs)
    real = RealPaths()
    return frozenset(Path(real(path)) for path in files_of(catalog, saved))


def files_of(catalog: Catalog, names: Iterable[str]) -> Iterator[Path]:
    """Yield the files of datasets, of those that are files of this machine."""
    for name in names:
        path = None if catalog.is_memory(name) else getattr(catalog.dataset(name), "path", None)
        if path is not None:
            yield path


def overriding(overrides: Overrides | None) -> Sequence[Value]:
    """Return overrides as values, from dotted keys."""
    if not overrides:
        return ()
    if not isinstance(overrides, Mapping):
        return overrides
    values = []
    for key, value in overrides.items():
        plain = value
        for part in reversed(key.split(".")):
            plain = {part: plain}
        values.append(located(plain, Origin("params")))
    return values


def selection_of(selectors: Mapping[str, Names]) -> Selection:
    """Return selectors as a selection.

    Raises:
        UsageError: there is no such selector.
    """
    for name in selectors:
        if name not in _SELECTORS:
            raise UsageError(
                f"there is no selector {name!r}",
                hint=did_you_mean(name, _SELECTORS) or f"there are {', '.join(_SELECTORS)}",
            )
    return Selection(**{key: names_of(names) for key, names in selectors.items()})


def hash_of(parameters: Value) -> str:
    """Return the hash of all parameters."""
    from mlflow_tmpl.hashing import digest
    from mlflow_tmpl.planning.json_texts import plain_json

    return digest(plain_json(parameters.plain()))


def names_of(given: Names) -> tuple[str, ...]:
    """Return names, of which one may be given alone."""
    return (given,) if isinstance(given, str) else tuple(given)


def with_places(parameters: Value) -> dict[str, dict[str, Any]]:
    """Return each parameter with where it is written."""
    return {key: {"value": leaf.shown(), "where": str(leaf.origin)} for key, leaf in parameters.leaves()}
