"""Values of a run that lie outside of the driver: small ones as bytes, others in a file, or where they were made."""

from __future__ import annotations

import os
import pickle
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.handles import Handle, ValueGone
from mlflow_tmpl.engine.processes import files
from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.processes.folder import Folder
    from mlflow_tmpl.engine.processes.order import Place
    from mlflow_tmpl.engine.processes.process import WorkerProcess

GONE: Place = ("gone", "its worker has ended", 0)


class Held(Handle):
    """One value.

    Args:
        place: where it is.
        worker: who made it.
        folder: counts what lies in memory.

    Attributes:
        place: as workers tell and are told it.
        worker: who has it, as long as it has not left.
        wanted: whether it was asked to leave.
        waiting: are called when it has left, or is gone.
    """

    __slots__ = ("_folder", "_left", "place", "waiting", "wanted", "worker")

    engine = "processes"

    def __init__(self, place: Place, worker: WorkerProcess | None, folder: Folder) -> None:
        self._folder = folder
        self._left: Event | None = None
        self.worker = worker
        self.wanted = False
        self.waiting: list[Callable[[], None]] = []
        self.place = place
        if place[0] == "bytes":
            return
        self._count(1)
        if worker is not None and place[0] == "here":
            self._left = Event()
            worker.has[place[1]] = self

    @property
    def stays(self) -> bool:
        """Whether it is only where it was made."""
        return bool(self.place[0] == "here")

    @property
    def gone(self) -> bool:
        """Whether it went with its worker."""
        return bool(self.place[0] == "gone")

    @property
    def stuck(self) -> bool:
        """Whether it can be taken where it was made, and nowhere else."""
        return self.place[0] == "stuck" or (self.stays and not self.place[3])

    @property
    def bytes(self) -> int:
        """About how many it takes."""
        return int(self.place[2])

    def moved(self, place: Place) -> None:
        """Note that the value has left its worker, was taken from it, or went with it."""
        self._count(-1)
        if self.worker is not None and self.stays:
            self.worker.has.pop(self.place[1], None)
        self.place, self.worker = place, None
        self._count(1)
        if self._left is not None:
            self._left.set()

    def get(self) -> Any:
        """Return the value, here.

        Raises:
            ValueGone: its worker is no more.
            DataError: it cannot be pickled.
        """
        if self.stays and self._left is not None:
            self.publish()
            self._left.wait()
        kind, what = self.place[:2]
        if kind == "bytes":
            return pickle.loads(what)
        if kind == "gone":
            raise ValueGone(what)
        if kind == "stuck":
            hint = "give the node that makes it engine: inline or threads"
            raise DataError(f"a value cannot leave the worker that made it: {what}", hint=hint)
        return files.read(what)

    def publish(self, *, to_disk: bool = False) -> None:
        """Ask for the value to leave its worker; it goes on being there until `moved`."""
        worker = self.worker
        if worker is not None and not self.wanted:
            self.wanted = True
            in_memory = self._folder.memory if not to_disk else ""
            worker.send("publish", self.place[1], in_memory, self._folder.disk)

    def release(self) -> None:
        """Let go of the value."""
        kind, what = self.place[:2]
        if kind == "bytes":
            self.place = GONE
            return
        worker = self.worker
        self.moved(GONE)
        if kind == "here" and worker is not None:
            worker.send("drop", what)
        elif kind == "file":
            with suppress(OSError):  # mapped (Windows): it goes with its folder
                os.unlink(what)

    def _count(self, sign: int) -> None:
        kind, _, size = self.place[:3]
        if kind == "here" or (kind == "file" and self.place[3]):
            self._folder.take(sign * size)


def put_out(value: Any, folder: Folder) -> Held:
    """Make a value of the driver one that workers can read.

    Raises:
        Exception: it cannot be pickled, or there is no room.
    """
    data, size = files.pack(value)
    if data is not None:
        return Held(("bytes", data, size), None, folder)
    return Held(files.write_somewhere(value, folder.memory, folder.disk, size <= folder.room), None, folder)
