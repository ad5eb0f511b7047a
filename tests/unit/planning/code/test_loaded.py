from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.planning.code.loaded import distrusting_bytecode, drop_doubtful_bytecode

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    made = tmp_path / "bytemod.py"
    made.write_text("K = 1\n", encoding="utf-8")
    yield made
    sys.modules.pop("bytemod", None)


def imported() -> int:
    sys.modules.pop("bytemod", None)
    importlib.invalidate_caches()
    return int(importlib.import_module("bytemod").K)


def test_an_edit_that_keeps_size_and_second_runs_as_it_is(source: Path) -> None:
    assert imported() == 1
    before = source.stat()
    source.write_text("K = 2\n", encoding="utf-8")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert imported() == 1, "this is what Python does"
    with distrusting_bytecode():
        assert imported() == 2


def test_bytecode_that_is_younger_than_its_source_stays(source: Path) -> None:
    assert imported() == 1
    cached = Path(importlib.util.cache_from_source(str(source)))
    later = source.stat().st_ctime_ns + 10**9
    os.utime(cached, ns=(later, later))
    drop_doubtful_bytecode(str(source))
    assert cached.exists()


def test_a_source_without_bytecode_is_passed_over(source: Path) -> None:
    drop_doubtful_bytecode(str(source))
    drop_doubtful_bytecode(str(source.with_name("none.py")))
