from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.config.values import Origin, Value, located
from tests.unit.catalog.servers import s3, s3_server, sftp, web  # noqa: F401  (fixtures)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def catalog_of(tmp_path: Path) -> Callable[..., Catalog]:
    """Return a maker of catalogs whose root is a fresh folder."""

    def make(**entries: Any) -> Catalog:
        return Catalog.of(entries, root=tmp_path)

    return make


@pytest.fixture
def written_catalog(tmp_path: Path) -> Callable[..., Catalog]:
    """Return a maker of catalogs whose entries stand in a file, entry n on line n."""

    def make(**entries: Any) -> Catalog:
        placed = {name: _on_line(entry, line) for line, (name, entry) in enumerate(entries.items(), start=1)}
        return Catalog(placed, root=tmp_path)

    return make


def _on_line(entry: Any, line: int) -> Value:
    if not isinstance(entry, dict):
        return located(entry, Origin("catalog.yml", line))
    settings = {
        key: located(value, Origin("catalog.yml", line, 10 * column))
        for column, (key, value) in enumerate(entry.items(), start=1)
    }
    return Value(settings, Origin("catalog.yml", line))
