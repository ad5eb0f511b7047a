"""Signals: the first one lets the run record what has finished, the second one ends at once."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, NoReturn

from mlflow_tmpl.engine.events import NodeStarted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from mlflow_tmpl.engine.events import Event

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

_SHOW_CURSOR = b"\x1b[?25h"


class Stopped(KeyboardInterrupt):
    """A signal asked to stop; nothing that catches `Exception` catches it.

    Attributes:
        number: of the signal; the exit code is 128 more.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Stop:
    """What the first signal asked for; also a listener of the run, for nodes that catch whatever is raised."""

    def __init__(self) -> None:
        self._number: int | None = None

    def __call__(self, event: Event) -> None:
        """Start no node after a signal that somebody has swallowed."""
        if self._number is not None and isinstance(event, NodeStarted):
            raise Stopped(self._number)

    def follow(self, pipe: int) -> None:
        """Stop when a pipe ends whose other end the asking process holds: it was told to stop, or is no more."""
        while os.read(pipe, 4096):
            pass
        if self._number is None:
            _interrupt_main()

    def ask(self, number: int, _: FrameType | None) -> NoReturn:
        """Take the first signal, and have the second one end the process."""
        self._number = number
        for each in SIGNALS:
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, _end)
        raise Stopped(number)


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn the first signal into `Stopped`, and let the second one end the process.

    A signal that is ignored, as under ``nohup`` or in the background of a script, stays so.

    Raises:
        Stopped: in the main thread, wherever it is when the signal comes.
    """
    stop = Stop()
    if current_thread() is not main_thread():
        yield stop
        return
    heeded = [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, stop.ask) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt_main() -> None:
    """Have the main thread get an interrupt, whatever it waits for."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    else:
        from _thread import interrupt_main

        interrupt_main()


def _end(number: int, _: FrameType | None) -> NoReturn:
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os._exit(128 + number)
