"""What is due at a time, by a clock that the test sets."""

from __future__ import annotations

from mlflow_tmpl.engine.timers import Timers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_due_is_done_in_the_order_of_time_and_no_more() -> None:
    clock, done = Clock(), list[str]()
    timers = Timers(clock)
    timers.set(3, lambda: done.append("third"))
    timers.set(1, lambda: done.append("first"))
    timers.set(1, lambda: done.append("second"))
    assert timers.next_in() == 1
    clock.now = 2
    timers.run_due()
    assert done == ["first", "second"]
    assert (bool(timers), timers.next_in()) == (True, 1)


def test_what_is_taken_back_is_never_done_and_nobody_waits_for_it() -> None:
    clock, done = Clock(), list[str]()
    timers = Timers(clock)
    timers.cancel(timers.set(1, lambda: done.append("no")))
    assert (bool(timers), timers.next_in()) == (False, None)
    clock.now = 5
    timers.run_due()
    assert done == []


def test_what_is_late_is_due_now() -> None:
    clock = Clock()
    timers = Timers(clock)
    timers.set(1, lambda: None)
    clock.now = 9
    assert timers.next_in() == 0.0
