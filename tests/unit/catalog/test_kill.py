"""A writer that is killed at any moment leaves the old content or the new."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog import Catalog
from tests.unit.catalog.killing import kills, numbers
from tests.unit.catalog.servers import Store

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20


def test_a_killed_writer_leaves_whole_content_and_the_next_one_clears_up(tmp_path: Path) -> None:
    entry = "data/model.pkl"
    catalog = Catalog.of({"x": entry}, root=tmp_path)
    interrupted = 0
    for start in kills(KILLS, Store("", {}), entry, tmp_path, numbers, random.Random(7), 0.01):
        content = catalog.load("x")
        assert len(content) == 100_001
        assert set(content) == {content[0]}
        assert content[0] >= start
        names = [path.name for path in (tmp_path / "data").iterdir()]
        assert [name for name in names if not name.startswith(".")] == ["model.pkl"]
        assert len(names) <= 2, "more than what the last writer left"
        interrupted += len(names) == 2
    assert interrupted, "no kill hit a save, so nothing was tested"
    catalog.save("x", ["end"])
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["model.pkl"]
