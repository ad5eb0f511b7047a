"""The store as lines of text, and how far a copy has come."""

from __future__ import annotations

import pytest

from mlflow_tmpl.ledger.sharing import Shared
from mlflow_tmpl.views.lines import Paper
from mlflow_tmpl.views.store import Transfer, shared_lines

NARROW = Paper(40)


def transfer(action: str, *states: Shared, live: bool) -> list[str]:
    """Return what is written when a copy tells of some states, one after the other, and ends."""
    written: list[str] = []
    told = Transfer(action, written.append, NARROW, live=live)
    for state in states:
        told(state)
    told.close()
    return written


def test_a_pipe_gets_one_line_when_there_is_something_to_copy() -> None:
    states = (Shared("s3://b", due=2), Shared("s3://b", due=2, objects=1, size=5))
    assert transfer("push", *states, live=False) == ["pushing 2 runs to s3://b\n"]
    assert transfer("pull", Shared("s3://b", due=1), live=False) == ["pulling 1 run from s3://b\n"]
    assert transfer("push", Shared("s3://b"), Shared("s3://b"), live=False) == []


def test_a_terminal_gets_a_line_that_fits_and_is_wiped() -> None:
    state = Shared("s3://bucket/penguins", due=1, objects=12, size=3_400_000)
    line, wiped = transfer("pull", state, live=True)
    assert line == "\r\x1b[Kpulling 1 run: 12 objects, 3.4 MB from…"
    assert wiped == "\r\x1b[K"


def test_a_terminal_is_not_written_to_for_each_object(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.0, 0.05, 0.2, 0.2])
    monkeypatch.setattr("mlflow_tmpl.views.store.monotonic", lambda: next(times))
    state = Shared("x", due=1, objects=1, size=1)
    assert len(transfer("push", state, state, state, live=True)) == 3


def test_what_was_copied_is_told_with_what_was_wrong() -> None:
    shared = Shared("s3://b", runs=1, events=2, objects=1, size=1500, sources=3, problems=["it is damaged"])
    assert list(shared_lines(shared, "pull")) == [
        "pulled 1 run, 2 events, 1 object (1.5 kB), 3 source files from s3://b",
        "warning: it is damaged",
    ]
    assert list(shared_lines(Shared("s3://b"), "push")) == ["nothing new to push to s3://b"]
