"""What a dataset that is not one file is made with, besides what its entry says."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.masking import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow_tmpl.catalog.places import Access


@dataclass(frozen=True, slots=True)
class Context:
    """Where an entry stands, and how what it names is reached.

    Attributes:
        name: the dataset's name.
        where: ``file:line`` of the entry.
        root: the folder that relative paths start from.
        access: what files are reached with.
        secrets: what must not show up in messages.
    """

    name: str
    where: str
    root: Path
    access: Access
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    @property
    def credentials(self) -> Mapping[str, Any]:
        """The credentials that the entry names; empty if it names none."""
        credentials: Mapping[str, Any] = self.access.options.reveal()
        return credentials
