import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("conf", "data", "pyproject.toml")  # the code is imported from where it is


@pytest.fixture
def copied_project(tmp_path: Path) -> Path:
    """A copy of this project to run in, so that its own data is left alone."""
    for part in PARTS:
        source = ROOT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / part)
    return tmp_path
