"""What nodes print and log in a worker: sent to the driver line by line, where it goes on as if it were said there."""

from __future__ import annotations

import io
import logging
import sys
from threading import Lock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Send = Callable[[str, Any], None]

_PAUSE_S = 0.02
"""Who prints line after line has them sent together, this long apart."""

_MOST_CHARACTERS = 1 << 16


class Said(io.TextIOBase):
    """Stdout or stderr of a worker.

    Args:
        stream: ``out`` or ``err``.
        send: sends a text.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, stream: str, send: Send) -> None:
        self._stream = stream
        self._send = send
        self._lock = Lock()
        self._held: list[str] = []
        self._characters = 0
        self._sent_at = 0.0
        self._timer: Timer | None = None

    def writable(self) -> bool:
        """Tell that it takes text."""
        return True

    def write(self, text: str, /) -> int:
        """Take a text; what ends a line is sent, at once or soon."""
        with self._lock:
            self._held.append(text)
            self._characters += len(text)
            if self._characters > _MOST_CHARACTERS or monotonic() - self._sent_at > _PAUSE_S:
                if "\n" in text or "\r" in text or self._characters > _MOST_CHARACTERS:
                    self._pass_on()
            elif self._timer is None:
                self._timer = Timer(_PAUSE_S, self.flush)
                self._timer.daemon = True
                self._timer.start()
        return len(text)

    def flush(self) -> None:
        """Send what is left."""
        with self._lock:
            self._pass_on()

    def _pass_on(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held:
            text, self._held, self._characters = "".join(self._held), [], 0
            self._sent_at = monotonic()
            self._send(self._stream, text)


class Records(logging.Handler):
    """Sends what is logged to the handlers of the driver's root logger.

    Args:
        send: sends a record.
    """

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record; its arguments and its exception as text, for they may not travel."""
        try:
            told = {**vars(record), "msg": record.getMessage(), "args": None}
            if record.exc_info:
                told["exc_text"] = record.exc_text or logging.Formatter().formatException(record.exc_info)
                told["exc_info"] = None
            plain = {key: value for key, value in told.items() if isinstance(value, _PLAIN)}
            self._send("log", plain)
        except Exception:  # noqa: BLE001 (as all of logging: a message that cannot be told stops nobody)
            self.handleError(record)


_PLAIN = (str, int, float, type(None))


def speak_through(send: Send, level: int) -> tuple[Said, Said]:
    """Have all that this process says sent, and return its new stdout and stderr.

    Args:
        send: sends a text with its stream, or a record as ``log``.
        level: of the driver's root logger.
    """
    out, err = Said("out", send), Said("err", send)
    sys.stdout, sys.stderr = out, err
    logging.root.setLevel(level)
    logging.root.addHandler(Records(send))
    return out, err
