"""Signals: the first one lets the run record what has finished, the second one ends at once."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(BaseException):
    """A signal asked to stop; nothing that catches `Exception` catches it.

    Attributes:
        number: of the signal; the exit code is 128 more.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn the first signal into `Stopped`, and let the second one end the process.

    Raises:
        Stopped: in the main thread, wherever it is when the signal comes.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, _end)
    raise Stopped(number)


def _end(number: int, _: FrameType | None) -> NoReturn:
    os._exit(128 + number)
