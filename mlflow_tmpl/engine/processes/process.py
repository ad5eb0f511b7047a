"""One worker process as the driver sees it: started afresh on every system, directed through pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from mlflow_tmpl.engine.processes.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.processes.held import Held
    from mlflow_tmpl.engine.processes.pictures import Picture

_DRAIN_S = 1.0
"""So long what a dead worker has said is waited for: a child of it may hold the pipe open."""

_PATIENCE_S = 10.0

_PROGRAM = "import sys; sys.path.append({!r}); from mlflow_tmpl.engine.processes.worker import main; main()"


class WorkerProcess:
    """A process that performs tasks.

    It has a session of its own: Ctrl-C reaches the driver alone, and all that a node has started ends with its worker.

    Args:
        hear: is told each message, in a thread of this worker's own.
        ended: is told at last how it ended: its exit code, negative for a signal.
        first: message that is sent first.

    Attributes:
        pid: number of the process.
        has: key to value, of those that are in this process and nowhere else.
        pictures: likewise of pictures of values for the store.
    """

    def __init__(
        self,
        hear: Callable[[WorkerProcess, tuple[Any, ...]], None],
        ended: Callable[[WorkerProcess, int], None],
        first: tuple[Any, ...],
    ) -> None:
        self._hear = hear
        self._ended = ended
        self.has: dict[str, Held] = {}
        self.pictures: WeakValueDictionary[str, Picture] = WeakValueDictionary()
        root = str(Path(__file__).resolve().parents[3])
        own: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._process = subprocess.Popen(
            [sys.executable, *_flags(), "-c", _PROGRAM.format(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **own,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._wire = Wire(self._process.stdout, self._process.stdin)
        self.pid = self._process.pid
        self._reader = Thread(target=self._read, name=f"mlo-worker-{self.pid}", daemon=True)
        self._waiter = Thread(target=self._wait, name=f"mlo-worker-{self.pid}-end", daemon=True)
        self._outbox: deque[tuple[Any, ...]] | None = deque([first])
        self._starting = Lock()
        for thread in (self._reader, self._waiter, Thread(target=self._start, daemon=True)):
            thread.start()

    def send(self, *message: Any) -> None:
        """Send a message; one that has nobody to read it is lost, and `ended` tells why."""
        if self._outbox is not None:
            with self._starting:
                if self._outbox is not None:
                    self._outbox.append(message)
                    return
        with suppress(OSError, ValueError):
            self._wire.send(*message)

    def _start(self) -> None:
        """Send what there is to send while the process starts: a pipe takes little before someone reads it."""
        with suppress(OSError, ValueError):
            while self._outbox is not None:
                with self._starting:
                    message = self._outbox.popleft() if self._outbox else None
                    if message is None:
                        self._outbox = None
                if message is not None:
                    self._wire.send(*message)

    def kill(self) -> None:
        """End the process and all that it has started, whatever they do."""
        if sys.platform == "win32":
            with suppress(OSError):
                self._process.kill()
            return
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Tell the process that there is no more to do."""
        self._wire.close()

    def wait(self) -> None:
        """Wait for the end of a process that was dismissed or killed."""
        self._waiter.join(_PATIENCE_S)
        if self._waiter.is_alive():
            self.kill()
            self._waiter.join(_PATIENCE_S)

    def _read(self) -> None:
        try:
            while True:
                self._hear(self, self._wire.receive())
        except (EOFError, OSError, ValueError):
            pass  # it has ended, or is about to
        except BaseException:  # noqa: BLE001 (told, and then as for a worker that died: nobody may wait for it)
            traceback.print_exc()
        self.kill()

    def _wait(self) -> None:
        code = self._process.wait()
        self._reader.join(_DRAIN_S)
        if sys.platform != "win32":
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)  # what it has started and left behind
        self._wire.close()
        self._ended(self, code)


def _flags() -> list[str]:
    """Return the options that this interpreter was started with, so that workers behave like it."""
    return list(getattr(subprocess, "_args_from_interpreter_flags", list)())


def told_end(code: int) -> str:
    """Return in words how a worker ended.

    Args:
        code: its exit code, negative for a signal.
    """
    if code >= 0:
        return f"its worker process ended with exit code {code}, as if the node had called os._exit"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its worker process was ended by {name}{_LIKELY.get(name, '')}"


_LIKELY = {
    "SIGKILL": ", perhaps for lack of memory",
    "SIGSEGV": ", a crash of compiled code",
    "SIGBUS": ", a crash of compiled code, or a mapped file that was cut short",
    "SIGABRT": ", a crash of compiled code",
    "SIGFPE": ", a crash of compiled code",
    "SIGILL": ", a crash of compiled code",
}
