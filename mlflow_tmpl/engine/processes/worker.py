"""What a worker does: it performs one task after the other, and has values at hand for those that follow.

The main thread performs. A second one reads what the driver sends: so a value can leave while a node runs, and a worker
whose driver is gone ends, whatever its node does.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import traceback
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.failure import CannotTravel, NodeFailure, shapes_of
from mlflow_tmpl.engine.portable import enter, perform_portable, unpack_task
from mlflow_tmpl.engine.processes import files
from mlflow_tmpl.engine.processes.said import speak_through
from mlflow_tmpl.engine.processes.wire import Wire
from mlflow_tmpl.engine.task import Outcome
from mlflow_tmpl.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.portable import PortableTask, Workplace
    from mlflow_tmpl.engine.processes.order import Order, Place
    from mlflow_tmpl.store.packing import Snapshot

_LOOK_S = 1.0

_PATIENCE_S = 5.0
"""So long a worker has for its way out, once the driver has no more to do for it."""


class Worker:
    """A process that performs tasks.

    Args:
        wire: to the driver.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._orders: SimpleQueue[int | None] = SimpleQueue()
        self._line: dict[int, Order] = {}
        self._workplace: Workplace | None = None
        self._has: dict[str, Any] = {}
        self._pictures: dict[str, Snapshot] = {}
        self._lock = Lock()
        self._number = -1
        self._why: BaseException | None = None

    def run(self) -> None:
        """Perform tasks until the driver has no more."""
        out, err = speak_through(self._say, 30)
        Thread(target=self._listen, name="mlo-driver", daemon=True).start()
        if sys.platform != "win32":
            Thread(target=_end_with, args=(os.getppid(),), name="mlo-parent", daemon=True).start()
        while (number := self._orders.get()) is not None:
            order = self._line.pop(number, None)
            if order is None:
                continue  # it was called back
            self._number = number
            try:
                answer = self._perform(order)
            finally:
                out.flush()
                err.flush()
            self._wire.send(*answer)
            del order, answer
            self._number = -1

    def _say(self, stream: str, said: Any) -> None:
        with suppress(OSError):  # the driver is gone, and so is this process in a moment
            self._wire.send("said", self._number, stream, said)

    def _listen(self) -> None:
        try:
            while True:
                kind, *told = self._wire.receive()
                _ANSWERS[kind](self, *told)
        except (EOFError, OSError):
            if self._number >= 0 or self._line:
                end_now()
            self._orders.put(None)
            time.sleep(_PATIENCE_S)
        except BaseException:  # noqa: BLE001 (the driver must not wait for a worker that does not listen)
            traceback.print_exc(file=sys.__stderr__)
        end_now()

    def _take_order(self, order: Order) -> None:
        self._line[order.number] = order
        self._orders.put(order.number)

    def _recall(self, number: int) -> None:
        """Give back a task that has not begun, for another worker."""
        if self._line.pop(number, None) is not None:
            self._wire.send("recalled", number)

    def _enter(self, site: bytes, level: int) -> None:
        import logging

        logging.root.setLevel(level)
        try:
            self._workplace = enter(site)
            self._workplace.capture = None
        except Exception as error:  # noqa: BLE001 (told with the first task)
            self._workplace = None
            self._why = error

    def _publish(self, key: str, folder: str, other: str) -> None:
        """Write a value that was to stay into a file, for a taker elsewhere."""
        with self._lock:
            if key not in self._has:
                return  # taken, or let go, meanwhile
            value = self._has.pop(key)
        try:
            place = files.write_somewhere(value, folder, other, True)
        except Exception as error:  # noqa: BLE001 (told to whom wanted it)
            with self._lock:
                self._has[key] = value
            self._wire.send("unpublished", key, f"{type(error).__name__}: {error}")
            return
        del value
        self._wire.send("published", key, place)

    def _offered(
        self, order: Order, outcome: Outcome
    ) -> tuple[dict[str, tuple[str, int]], float, bool] | None:
        """Keep the pictures that were taken of values until the driver has time for them, and tell of them."""
        bundle, outcome.bundle = outcome.bundle, None
        if bundle is None:
            return None
        told = {name: (f"{order.number}.{name}", taken.bytes) for name, taken in bundle.values.items()}
        with self._lock:
            self._pictures.update({told[name][0]: taken for name, taken in bundle.values.items()})
        return told, bundle.seconds, bundle.asked

    def _pack(self, key: str, folder: str) -> None:
        """Write a picture into a file."""
        with self._lock:
            picture = self._pictures.pop(key, None)
        if picture is None:
            return
        path = os.path.join(folder, f"{os.getpid()}-{os.urandom(6).hex()}")
        try:
            packed = picture.pack()
            files.write_pieces(packed.pieces, path)
        except Exception:  # noqa: BLE001 (what cannot be kept is not: the run does not depend on it)
            self._wire.send("packed", key, "", "")
            return
        self._wire.send("packed", key, packed.format, path)

    def _forget(self, key: str) -> None:
        with self._lock:
            self._pictures.pop(key, None)

    def _drop(self, key: str) -> None:
        with self._lock:
            self._has.pop(key, None)

    def _perform(self, order: Order) -> tuple[Any, ...]:
        task = unpack_task(order.task)
        try:
            return self._outcome(task, order)
        except NodeFailure as failure:
            return "failed", order.number, failure.packed()
        except KeyboardInterrupt as error:  # here nobody but the node can have raised it
            return "failed", order.number, _failed(task, "KeyboardInterrupt", error).packed()

    def _outcome(self, task: PortableTask, order: Order) -> tuple[Any, ...]:
        workplace = self._workplace
        if workplace is None:
            why = self._why or NodeError("it was not told of it")
            raise _failed(task, f"its worker cannot enter the run: {why}", why)
        try:
            values = {argument: self._take(order, argument) for argument in order.takes}
        except Exception as error:
            raise _failed(
                task, f"what it takes cannot be read: {type(error).__name__}: {error}", error
            ) from error
        outcome = perform_portable(task, values, workplace)
        room, placed = order.room, {}
        for name in list(outcome.values):
            placed[name] = self._place(task, order, name, outcome, room)
            if placed[name][0] == "file" and placed[name][3]:
                room -= placed[name][2]
        offered = self._offered(order, outcome)
        told = tuple(getattr(outcome, each) for each in _TOLD)
        return "done", order.number, told, placed, offered

    def _take(self, order: Order, argument: str) -> Any:
        kind, what = order.takes[argument][:2]
        if kind == "bytes":
            return pickle.loads(what)
        if kind == "file":
            return files.read(what)
        with self._lock:
            if argument not in order.alone:
                return _for_one_more(self._has[what], order.modes.get(argument))
            value = self._has.pop(what)
            mode = order.modes.get(argument)
            if mode is None and sys.getrefcount(value) <= _ALONE:
                return value
            return _for_one_more(value, mode)

    def _place(self, task: PortableTask, order: Order, name: str, outcome: Outcome, room: int) -> Place:
        """Put an output where its takers find it."""
        value = outcome.values.pop(name)
        stays, may_leave = name in order.stays, True
        data: bytes | None
        try:
            data, size = files.pack(value)
        except Exception as error:
            if not stays:
                raise _cannot_leave(task, name, value, error) from error
            data, size, may_leave = None, 0, False  # it can still be taken here
        if data is not None:
            return "bytes", data, size
        if stays:
            key = f"{order.number}.{name}"
            with self._lock:
                self._has[key] = value
            return "here", key, size, may_leave
        try:
            return files.write_somewhere(value, *order.folders, size <= room)
        except Exception as error:
            raise _cannot_leave(task, name, value, error) from error


_TOLD: tuple[str, ...] = Outcome.__match_args__
"""What there is to tell of an outcome, by position: its class takes ten times as long to pickle."""

_ANSWERS: dict[str, Callable[..., None]] = {
    "order": Worker._take_order,
    "enter": Worker._enter,
    "publish": Worker._publish,
    "drop": Worker._drop,
    "recall": Worker._recall,
    "pack": Worker._pack,
    "forget": Worker._forget,
}


def _for_one_more(value: Any, mode: str | None) -> Any:
    from mlflow_tmpl.catalog import isolate

    return isolate(value, mode)


def _count_alone() -> int:
    """Return what `sys.getrefcount` says of a value that nobody else holds."""
    held = {"value": [object()]}
    value = held.pop("value")
    return sys.getrefcount(value)


_ALONE = _count_alone()


def _failed(task: PortableTask, problem: str, error: BaseException) -> NodeFailure:
    from mlflow_tmpl.pipeline import Node

    kind = CannotTravel if isinstance(error, CannotTravel) else NodeError
    told = kind(problem, where=getattr(error, "where", "") or task.where, hint=getattr(error, "hint", ""))
    return NodeFailure(Node(lambda: None, name=task.name), told, {})


def _cannot_leave(task: PortableTask, name: str, value: Any, error: Exception) -> NodeFailure:
    shape = shapes_of({name: value})[name]
    problem = f"output {name!r}, {shape}, cannot leave its worker: {type(error).__name__}: {error}"
    told = CannotTravel(problem, where=task.where, hint="run the node with engine: inline or threads")
    return _failed(task, told.message, told)


def _end_with(parent: int) -> None:
    """End when the driver is gone, also if a process that it has forked keeps the pipe to here open."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    end_now()


def end_now() -> None:
    """End this process and all that it has started, whatever they do."""
    if sys.platform != "win32":
        with suppress(OSError):
            if os.getpgid(0) == os.getpid():
                os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Be a worker: the driver speaks through stdin and listens at stdout, which are kept from the nodes."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what compiled code prints
    os.close(nothing)
    Worker(Wire(incoming, outgoing)).run()
    import atexit

    with suppress(Exception):
        atexit._run_exitfuncs()
    os._exit(0)
