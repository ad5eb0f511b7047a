"""What a kept value is in bytes: the kinds of it, from the value and back."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Piece = bytes | bytearray | memoryview


SMALL_BYTES = 1 << 16
"""What takes no more than that is done before it has been looked at the clock."""


class Unfit(Exception):
    """A value that is not kept, and why."""


@dataclass(slots=True)
class Allowance:
    """How much may go into one value: bytes that it takes, and seconds that the run waits for it.

    Attributes:
        bytes: at most.
        until: end of the seconds, by `perf_counter`.
        elsewhere: whether a value may be kept that only says where something lies.
    """

    bytes: float
    until: float
    elsewhere: bool = False

    def check(self, size: float) -> None:
        """Give up on a value that grows beyond it.

        Raises:
            Unfit: it is used up.
        """
        if size > self.bytes:
            raise Unfit("it takes more to write and read than to make again")
        if size > SMALL_BYTES and perf_counter() > self.until:
            raise Unfit("packing it would hold up the run")


@dataclass(frozen=True, slots=True)
class Packed:
    """A value as bytes.

    Attributes:
        format: key of `FORMATS`.
        pieces: the bytes, in order.
    """

    format: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A value as it was when its node gave it, whatever those do to it who take it.

    Attributes:
        bytes: about how much it takes.
        pack: turns it into bytes, in another thread if need be.
    """

    bytes: int
    pack: Callable[[], Packed]


def snapshot(value: Any, allowance: Allowance) -> Snapshot:
    """Take a picture of a value before anyone who takes it can change it.

    Where the kind of value has copies that are made on writing, or cannot be changed, nothing is copied now and
    the bytes are made later; anything else is turned into bytes at once, as far as the allowance goes. Libraries
    are not imported for it: where one is not, no value can be of it.

    Raises:
        Unfit: it cannot be pickled, is too large, or holds something that lies elsewhere.
    """
    from mlflow_tmpl.store import arrays, frames, pickles

    makers: dict[str, Callable[[Any, Any, Allowance], Snapshot | None]] = {
        "pandas": frames.snapshot_pandas,
        "polars": frames.snapshot_polars,
        "pyarrow": frames.snapshot_arrow,
        "numpy": arrays.snapshot_numpy,
    }
    for library, make in makers.items():
        module = sys.modules.get(library)
        found = make(module, value, allowance) if module is not None else None
        if found is not None:
            return found
    return pickles.snapshot_any(value, allowance)


def unpack(form: str, view: memoryview) -> Any:
    """Return the value that some bytes are; it may be a view of them.

    Args:
        form: a format, as `Packed` has it.
        view: the bytes; writable, and nobody else's.

    Raises:
        Exception: they are not what they are said to be, or a library is missing.
    """
    from mlflow_tmpl.store import arrays, frames, pickles

    readers: dict[str, Callable[[memoryview], Any]] = {
        "numpy": arrays.read_numpy,
        "pandas": frames.read_pandas,
        "pandas.Series": frames.read_pandas_series,
        "polars": frames.read_polars,
        "polars.Series": frames.read_polars_series,
        "arrow": frames.read_arrow,
        "pickle": pickles.read_pickle,
    }
    return readers[form](view)
