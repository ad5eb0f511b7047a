"""What stands in a run for a value that lives with its workers: the driver moves names, not frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Handle:
    """A value that lies where a worker made it; each engine has its own kind.

    A class and not a protocol: a user's value that happens to have these methods is not taken for one.

    Attributes:
        engine: name of the engine whose workers have it.
    """

    __slots__ = ()

    engine = ""

    @property
    def gone(self) -> bool:
        """Whether the value is known to have gone with its worker."""
        return False

    def get(self) -> Any:
        """Return the value, here: each call gives one that shares no changes with any other.

        Raises:
            ValueGone: its worker is no more.
        """
        raise NotImplementedError

    @classmethod
    def get_all(cls, handles: Sequence[Any]) -> list[Any]:
        """Return the values of several handles of this kind.

        Raises:
            ValueGone: a worker is no more.
        """
        return [handle.get() for handle in handles]

    def release(self) -> None:
        """Let go of the value: the last taker is done. May be called again."""
        raise NotImplementedError


class ValueGone(Exception):
    """A value that went with its worker; it has to be made again."""
