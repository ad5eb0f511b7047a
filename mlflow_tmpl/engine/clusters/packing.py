"""A value as it lies in a store that workers share: read without a copy, and private to whoever unpacks it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Packed:
    """A pickled value.

    Attributes:
        head: the pickle, without its large buffers.
        buffers: these.
    """

    head: bytes = field(repr=False)
    buffers: tuple[Any, ...] = field(default=(), repr=False)

    def unpack(self) -> Any:
        """Return the value: nothing of it is shared, all of it can be written to."""
        return pickle.loads(self.head, buffers=[bytearray(buffer) for buffer in self.buffers])


def pack(value: Any) -> Packed:
    """Pickle a value; its buffers are not copied.

    Raises:
        Exception: it cannot be pickled.
    """
    import cloudpickle

    buffers: list[pickle.PickleBuffer] = []
    head: bytes = cloudpickle.dumps(value, 5, buffer_callback=buffers.append)
    return Packed(head, tuple(buffers))


def able_to_travel(value: Any) -> Any:
    """Return a value that can be pickled: where it lies as it is, others may come to fetch it.

    Raises:
        Exception: it cannot.
    """
    pack(value)
    return value
