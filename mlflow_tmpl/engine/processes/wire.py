"""Messages between the driver and a worker: pickled tuples, each after its length, through two pipes."""

from __future__ import annotations

import pickle
import struct
from threading import Lock
from typing import IO, Any

_LENGTH = struct.Struct("<Q")
_JOINED_BYTES = 1 << 16


class Wire:
    """One end of the connection.

    Args:
        incoming: what the other end sends.
        outgoing: what it gets.
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._lock = Lock()

    def send(self, *message: Any) -> None:
        """Send a message; from any thread.

        Raises:
            OSError: the other end is gone.
        """
        data = pickle.dumps(message, 5)
        with self._lock:
            if len(data) <= _JOINED_BYTES:
                self._outgoing.write(_LENGTH.pack(len(data)) + data)
            else:
                self._outgoing.write(_LENGTH.pack(len(data)))
                self._outgoing.write(data)
            self._outgoing.flush()

    def receive(self) -> tuple[Any, ...]:
        """Wait for a message.

        Raises:
            EOFError: the other end is gone.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        message: tuple[Any, ...] = pickle.loads(self._exactly(length))
        return message

    def close(self) -> None:
        """Say that nothing more is sent."""
        try:
            self._outgoing.close()
        except OSError:
            return  # what was still to be sent has nobody to read it

    def _exactly(self, length: int) -> bytes:
        data = self._incoming.read(length)
        if len(data) < length:
            raise EOFError
        return data
