"""The width of the terminal is the one that `shutil` tells."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from mlflow_tmpl.cli.terminal import columns


@pytest.mark.parametrize("said", ["120", "0", "-5", "many", ""])
def test_columns_says_how_wide_unless_that_is_no_width(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("COLUMNS", said)
    monkeypatch.setattr(os, "get_terminal_size", lambda _=0: os.terminal_size((99, 9)))
    monkeypatch.setattr(sys, "__stdout__", sys.__stderr__)
    assert columns() == shutil.get_terminal_size().columns


def test_without_a_terminal_it_is_what_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "__stdout__", None)
    assert (columns(), columns(132)) == (80, 132)
