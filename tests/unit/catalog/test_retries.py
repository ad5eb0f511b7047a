from __future__ import annotations

import errno
from typing import Any

import pytest

from mlflow_tmpl.catalog.retries import ATTEMPTS, LONGEST_WAIT_S, may_pass, retrying


class Refused(Exception):
    """What a client raises that keeps the status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class BotoError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__("a dict, not an object")
        self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        OSError(errno.EHOSTUNREACH, "no route"),
        OSError("Socket is closed"),
        Refused(503),
        BotoError(429),
        caused(OSError(errno.EIO, "translated"), BotoError(500)),
        caused(ValueError("reading failed"), ConnectionResetError()),
        type("ClientConnectionError", (Exception,), {})(),
    ],
)
def test_what_may_be_gone_a_moment_later(error: Exception) -> None:
    assert may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(),
        PermissionError(errno.EACCES, "no"),
        Refused(404),
        BotoError(403),
        ValueError("damaged"),
        caused(PermissionError("translated"), BotoError(403)),
        OSError(errno.ENOSPC, "full"),
    ],
)
def test_what_stays(error: Exception) -> None:
    assert not may_pass(error)


def test_waits_grow_and_are_bounded() -> None:
    waits: list[float] = []
    calls: list[int] = []

    def fail() -> Any:
        calls.append(1)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        retrying(fail, attempts=9, sleep=waits.append, jitter=lambda: 1.0)
    assert len(calls) == 9
    assert waits == sorted(waits)
    assert waits[0] < 1
    assert waits[-1] == LONGEST_WAIT_S


def test_the_first_success_ends_it() -> None:
    answers = iter([ConnectionResetError(), TimeoutError(), "there"])
    between: list[int] = []

    def call() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert retrying(call, sleep=lambda _: None, between=lambda: between.append(1)) == "there"
    assert len(between) == 2 < ATTEMPTS


def test_a_client_that_was_patient_itself_is_not_called_again() -> None:
    hours, calls = iter(range(0, 10_000_000, 3600)), []

    def fail() -> Any:
        calls.append(1)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        retrying(fail, clock=lambda: next(hours), sleep=lambda _: None)
    assert len(calls) == 1


def test_a_refusal_is_raised_at_once() -> None:
    def refuse() -> Any:
        raise PermissionError

    with pytest.raises(PermissionError):
        retrying(refuse, sleep=lambda _: pytest.fail("it waited"))
