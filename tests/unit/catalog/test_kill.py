"""A writer that is killed at any moment leaves the old content or the new."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys
from itertools import count
from pathlib import Path
from mlflow_tmpl.catalog import Catalog

catalog = Catalog.of({"model": "data/model.pkl"}, root=Path(sys.argv[1]))
for number in count(int(sys.argv[2])):
    catalog.save("model", [number] * 100_000 + [number])
    if number == int(sys.argv[2]):
        print("saved once", flush=True)
"""
KILLS = 30


def test_a_killed_writer_leaves_whole_content_and_the_next_one_clears_up(tmp_path: Path) -> None:
    chance = random.Random(7)
    catalog = Catalog.of({"model": "data/model.pkl"}, root=tmp_path)
    interrupted = 0
    for kill in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(kill * 10_000)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"saved once"
        time.sleep(chance.random() * 0.01)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        content = catalog.load("model")
        assert len(content) == 100_001
        assert set(content) == {content[0]}
        assert content[0] >= kill * 10_000
        names = [path.name for path in (tmp_path / "data").iterdir()]
        assert [name for name in names if not name.startswith(".")] == ["model.pkl"]
        assert len(names) <= 2, "more than what the last writer left"
        interrupted += len(names) == 2
    assert interrupted, "no kill hit a save, so nothing was tested"
    catalog.save("model", ["end"])
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["model.pkl"]
