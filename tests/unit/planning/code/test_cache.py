from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.planning.code import facts
from mlflow_tmpl.planning.code.cache import FactsCache

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = b"import os\nK = 1\ndef f(x):\n    return x * K + len(os.environ['A'])\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = FactsCache(tmp_path / "deep" / "code")
    made.facts(SOURCE, "pkg.m", False)
    made.keep()
    return tmp_path / "deep" / "code"


def test_what_is_kept_is_what_was_read(file: Path) -> None:
    assert FactsCache(file).facts(SOURCE, "pkg.m", False) == FactsCache(None).facts(SOURCE, "pkg.m", False)


def test_a_warm_start_parses_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "read_facts", lambda *_: pytest.fail("parsed"))
    assert FactsCache(file).facts(SOURCE, "pkg.m", False).units


def test_relative_imports_depend_on_the_module_that_a_source_is_of(file: Path) -> None:
    known = FactsCache(file)
    assert (
        known.facts(b"from . import x", "a.b", False).imports
        != known.facts(b"from . import x", "c.d", False).imports
    )


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_file_is_as_good_as_none(file: Path, damage: bytes | None) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-3] + b"xyz" if damage is None else damage)
    again = FactsCache(file)
    assert again.facts(SOURCE, "pkg.m", False).units
    again.keep()
    assert file.read_bytes() == whole


def test_two_that_write_keep_what_both_found(file: Path) -> None:
    one, two = FactsCache(file), FactsCache(file)
    one.facts(b"A = 1", "a", False)
    two.facts(b"B = 1", "b", False)
    one.keep()
    two.keep()
    sizes = len(FactsCache(file)._read(file))
    assert sizes == 3
    assert [each.name for each in file.parent.iterdir()] == ["code"]


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    made = FactsCache(tmp_path / "taken" / "code")
    assert made.facts(SOURCE, "pkg.m", False).units
    made.keep()
