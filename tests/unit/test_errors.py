from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import errors
from mlflow_tmpl.errors import (
    DamageError,
    DataError,
    LedgerError,
    MloError,
    NodeError,
    StoreError,
    did_you_mean,
    place,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_an_error_says_where_what_and_the_way_out_in_this_order() -> None:
    error = MloError("dataset 'x' is odd", where="catalog.yml:3:1", hint="mend it")
    assert str(error) == "catalog.yml:3:1: dataset 'x' is odd (mend it)"
    assert str(MloError("just this")) == "just this"


def test_what_fails_in_a_run_is_1_and_all_that_is_known_before_is_2() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MloError)]
    failures = {DataError, NodeError, StoreError, DamageError}
    assert {kind for kind in kinds if kind.exit_code == 1} == failures
    assert {kind.exit_code for kind in kinds if kind not in failures} == {2}
    assert LedgerError in kinds


@pytest.mark.parametrize(
    ("name", "told"),
    [("penguinz", "did you mean 'penguins'?"), ("zebra", ""), ("", ""), ("model", "did you mean 'model'?")],
)
def test_only_a_near_name_is_suggested(name: str, told: str) -> None:
    assert did_you_mean(name, ["penguins", "model"]) == told


def test_a_place_is_short_below_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside = tmp_path / "conf" / "catalog.yml"
    assert place(inside, 3, 5) == os.path.join("conf", "catalog.yml") + ":3:5"
    assert place(inside) == os.path.join("conf", "catalog.yml")
    assert place(tmp_path.parent / "x", 2) == f"{tmp_path.parent / 'x'}:2"
