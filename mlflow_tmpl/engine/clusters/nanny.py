"""Workers of Dask that do not run the user's script once more when they start."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class HiddenMain:
    """Has an empty module stand for the main program while processes are spawned: they run what they find there.

    What the main program defines travels by value, so that no worker misses it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._main = sys.modules["__main__"]

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide it for as long as anyone is in such a block."""
        with self._lock:
            self._users += 1
            sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    sys.modules["__main__"] = self._main


def nanny_without_main() -> type[Any]:
    """Return what starts, and starts again, the workers of a cluster."""
    from distributed import Nanny

    main = HiddenMain()

    class QuietNanny(Nanny):
        """Starts a worker in a process that knows nothing of the main program."""

        async def instantiate(self) -> Any:
            with main.hidden():
                return await super().instantiate()

    return QuietNanny
