from __future__ import annotations

import signal
import sys
import threading
from typing import Any, cast

import pytest

from mlflow_tmpl.cli.stopping import SIGNALS, Stopped, stoppable
from mlflow_tmpl.engine.events import NodeStarted, RunFinished

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_raised_where_the_run_is(number: signal.Signals) -> None:
    with pytest.raises(Stopped) as caught, stoppable():
        signal.raise_signal(number)
    assert caught.value.number == number


def test_what_catches_errors_does_not_catch_a_stop() -> None:
    assert not issubclass(Stopped, Exception)


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with stoppable():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_stop_that_was_swallowed_comes_again_before_the_next_node() -> None:
    started = NodeStarted(cast("Any", None), 0.0)
    with stoppable() as stop:
        stop(started)
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        stop(RunFinished("", "done", 0.0, 0.0))
        with pytest.raises(Stopped) as caught:
            stop(started)
    assert caught.value.number == signal.SIGTERM


def test_a_run_in_another_thread_leaves_signals_alone() -> None:
    found: list[Any] = []

    def look() -> None:
        with stoppable():
            found.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(number) for number in SIGNALS]
