"""What a run was asked for, so that another one can be asked for the same."""

from __future__ import annotations

import json
from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Request:
    """What a run was asked for.

    Attributes:
        pipelines: names; all nodes if there are none.
        selectors: what slices them: option to names.
        params: parameters that override the configuration, as nested data, in the order they were given.
        environment: of the configuration.
        reuse: whether earlier results were to stand.
        force: nodes that were to run whatever the past says.
        load_versions: input to the version of it that was to be loaded.
        validate: whether data was to be checked by schemas.
        conf_source: what took the place of the configuration folder, from the project's root; empty for that itself.
        sweep: parameters that were swept, each given a list; empty for a run.
    """

    pipelines: Sequence[str] = ()
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Sequence[Mapping[str, Any]] = ()
    environment: str = ""
    reuse: bool = True
    force: Sequence[str] = ()
    load_versions: Mapping[str, str] = field(default_factory=dict)
    validate: bool = True
    conf_source: str = ""
    sweep: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain data."""
        return asdict(self)

    @classmethod
    def from_text(cls, text: str) -> Request:
        """Return the request that was recorded."""
        known = json.loads(text)
        known["selectors"] = {name: tuple(names) for name, names in known["selectors"].items()}
        return cls(**known)
