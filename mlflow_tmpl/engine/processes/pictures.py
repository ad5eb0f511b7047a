"""Pictures of values, taken in a worker for the store: they are fetched behind the run, one after the other."""

from __future__ import annotations

from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from mlflow_tmpl.store.keeping import LAST_S, Bundle
from mlflow_tmpl.store.packing import Packed, Snapshot, Unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_tmpl.engine.processes.folder import Folder
    from mlflow_tmpl.engine.processes.process import WorkerProcess


class Picture:
    """A value as it was when its node gave it, in the worker; called, it gives it as bytes.

    Who calls waits in a thread of the store's. One that nobody wants any more is forgotten by its worker.

    Args:
        worker: has it.
        key: that the worker knows it by.
        folder: where the worker puts it.
        asked: whether it is kept whatever that costs.
    """

    def __init__(self, worker: WorkerProcess, key: str, folder: Folder, asked: bool) -> None:
        self._worker = worker
        self._key = key
        self._folder = folder
        self.asked = asked
        self._wanted = False
        self._came = Event()
        self._packed: Packed | None = None
        worker.pictures[key] = self

    def __call__(self) -> Packed:
        """Return the value as bytes.

        Raises:
            Unfit: it went with its worker, or cannot be written.
        """
        self.want()
        self._came.wait()
        if self._packed is None:
            raise Unfit("its worker has ended")
        return self._packed

    def want(self) -> None:
        """Ask for it."""
        if not self._wanted and not self._came.is_set():
            self._wanted = True
            self._worker.send("pack", self._key, self._folder.memory or self._folder.disk)

    def __del__(self) -> None:
        if not self._came.is_set():
            self._worker.send("forget", self._key)

    def come(self, packed: Packed | None) -> None:
        """Note that it has come, or never will."""
        self._worker.pictures.pop(self._key, None)
        self._packed = packed
        self._came.set()

    def wait(self, seconds: float | None) -> None:
        """Wait for it, for some time at most."""
        self._came.wait(seconds)


def bundle_of(
    worker: WorkerProcess, told: tuple[Mapping[str, tuple[str, int]], float, bool] | None, folder: Folder
) -> Bundle | None:
    """Return what a node has offered.

    Args:
        worker: has the pictures.
        told: name to key and size, the seconds that making it again takes, whether it is kept at any cost.
        folder: where they are put.
    """
    if told is None:
        return None
    pictures, seconds, asked = told
    return Bundle(
        {name: Snapshot(size, Picture(worker, key, folder, asked)) for name, (key, size) in pictures.items()},
        seconds,
        asked,
    )


def fetch_rest(workers: Iterable[WorkerProcess]) -> None:
    """Fetch what is still with workers that are about to end, as far as the run may be held up."""
    rest = [picture for worker in workers for picture in list(worker.pictures.values())]
    for picture in sorted(rest, key=lambda picture: not picture.asked):
        picture.want()
    until = monotonic() + LAST_S
    for picture in rest:
        picture.wait(None if picture.asked else max(0.0, until - monotonic()))
