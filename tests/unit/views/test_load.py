"""What a run takes of the machine, as the display says it."""

from __future__ import annotations

import sys

import pytest

from mlflow_tmpl.views import load
from mlflow_tmpl.views.load import Load


def test_memory_and_processors_are_told_from_the_second_look_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psutil")
    monkeypatch.setattr(load, "EVERY_S", 0.0)
    made = Load()
    assert str(made) == ""
    memory, processors = str(made).split(", ")
    assert memory.endswith(("MB", "GB"))
    assert processors.endswith(" cpus")


def test_between_two_looks_nothing_changes() -> None:
    made = Load()
    assert str(made) == ""
    assert str(made) == ""


def test_without_psutil_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(load, "EVERY_S", 0.0)
    made = Load()
    assert [str(made), str(made)] == ["", ""]
