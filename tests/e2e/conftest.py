from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .flow import FLOW
from .incremental import PYPROJECT, Commands, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Run `mlo` in a fresh import of everything of the project."""
    made = Commands()
    yield made
    made.close()


@pytest.fixture
def lab(tmp_path: Path, commands: Commands) -> Lab:
    """An empty project."""
    return Lab(tmp_path / "project", commands).write({"pyproject.toml": PYPROJECT})


@pytest.fixture
def flow(lab: Lab) -> Lab:
    """A project with values in memory, saved outputs and parameters, which has run once."""
    lab.write(FLOW).run()
    return lab
