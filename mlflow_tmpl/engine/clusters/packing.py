"""A value as it lies in a store that workers share: read without a copy, and private to whoever unpacks it."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, field
from typing import Any

from mlflow_tmpl.engine.portable import pickler


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
    for by_value in (False, True):
        file, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
        try:
            pickler(file, by_value=by_value, take=buffers.append).dump(value)
        except Exception:  # of what has no module, which cloudpickle can do, or says what it cannot
            if by_value:
                raise
        else:
            break
    return Packed(file.getvalue(), tuple(buffers))


def able_to_travel(value: Any) -> Any:
    """Return a value that can be pickled: where it lies as it is, others may come to fetch it.

    Raises:
        Exception: it cannot.
    """
    pack(value)
    return value
