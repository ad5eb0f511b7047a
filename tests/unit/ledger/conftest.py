from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    made = Ledger(tmp_path)
    yield made
    made.close()
