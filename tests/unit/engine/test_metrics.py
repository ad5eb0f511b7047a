"""Numbers in whatever a metrics dataset holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_tmpl.engine.metrics import metrics_in


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"accuracy": 0.9, "n": 3}, {("accuracy", "", 0, 0.9), ("n", "", 0, 3.0)}),
        ({"test": {"Adelie": {"f1": 0.5}}}, {("f1", "test.Adelie", 0, 0.5)}),
        ({"loss": [0.5, 0.25]}, {("loss", "", 0, 0.5), ("loss", "", 1, 0.25)}),
        ([{"epoch": 7, "loss": 0.5}, {"epoch": 9, "loss": 0.25}], {("loss", "", 7, 0.5), ("loss", "", 9, 0.25)}),
        ([{"of": "a", "f1": 0.5}, {"of": "b", "f1": 1}], {("f1", "a", 0, 0.5), ("f1", "b", 0, 1.0)}),
        ([{"name": "f1", "value": 0.5}, {"name": "n", "value": 2}], {("f1", "", 0, 0.5), ("n", "", 0, 2.0)}),
        ([{"name": "f1", "slice": "test", "step": 4, "value": 0.5}], {("f1", "test", 4, 0.5)}),
        ({"a": np.float32(0.5), "b": np.int64(2)}, {("a", "", 0, 0.5), ("b", "", 0, 2.0)}),
        ({"ok": True, "text": "x", "none": None, "nan": float("nan"), "z": 1j}, set()),
        ({"inf": float("inf")}, {("inf", "", 0, float("inf"))}),
        (pd.DataFrame({"step": [1, 2], "loss": [0.5, 0.25]}), {("loss", "", 1, 0.5), ("loss", "", 2, 0.25)}),
        (pd.DataFrame({"accuracy": [0.5], "n": [3]}), {("accuracy", "", 0, 0.5), ("n", "", 0, 3.0)}),
        (0.5, set()),
        ("text", set()),
        (None, set()),
    ],
)  # fmt: skip
def test_numbers_are_found_by_name_slice_and_step(value: Any, found: set[Any]) -> None:
    assert set(metrics_in(value)) == found
