"""Which process did something, told so that a later one of the same number is not taken for it."""

from __future__ import annotations

import os
import platform
import sys
from enum import Enum

from mlflow_tmpl.dataclass import dataclass

_DEAD_STATES = frozenset("ZXx")
"""States of a Linux process that has ended, collected by its parent or not."""


class Life(Enum):
    """What is known of a process from here."""

    RUNNING = "running"
    GONE = "gone"
    UNSEEN = "unseen"
    """It ran on another machine or in another container: only its heartbeat tells."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process for good: the operating system gives numbers again, but not at the same moment of the same boot.

    Attributes:
        host: name of the machine.
        pid: number of the process.
        birth: ``where/when``: what sees the same numbers (boot and container, else the machine), and when the
            process began. Empty in records of an mlo that did not know it.
    """

    host: str
    pid: int
    birth: str

    def life(self) -> Life:
        """Tell whether the process still runs, as far as that can be seen from here."""
        where, _, when = self.birth.rpartition("/")
        if (where or self.host) != (_here() if where else platform.node()):
            return Life.UNSEEN
        now = _began(self.pid)
        if now is None:
            return Life.GONE
        return Life.RUNNING if not when or not now or now == when else Life.GONE


def this_process() -> Process:
    """Return the process that asks."""
    return Process(platform.node(), os.getpid(), f"{_here()}/{_began(os.getpid()) or ''}")


def _here() -> str:
    """Return what sees the same process numbers as this process; a container of the same kernel does not."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        return f"{boot}:{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node() or "here"


if sys.platform == "win32":

    def _began(pid: int) -> str | None:
        """Return when a process began, empty if that is not told, ``None`` if there is none."""
        import ctypes

        query_limited_information, still_active = 0x1000, 259
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(kernel.OpenProcess(query_limited_information, False, pid))
        if not handle:
            access_denied = 5
            return "" if ctypes.get_last_error() == access_denied else None
        try:
            code, times = ctypes.c_ulong(), [ctypes.c_ulonglong() for _ in range(4)]
            if kernel.GetExitCodeProcess(handle, ctypes.byref(code)) and code.value != still_active:
                return None
            told = kernel.GetProcessTimes(handle, *[ctypes.byref(time) for time in times])
            return str(times[0].value) if told else ""
        finally:
            kernel.CloseHandle(handle)

elif sys.platform == "linux":

    def _began(pid: int) -> str | None:
        """Return when a process began, empty if that is not told, ``None`` if there is none."""
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # The name of the program, in brackets, may hold spaces and brackets itself.
                fields = file.read().rpartition(b")")[2].split()
        except FileNotFoundError:
            return "" if not os.path.exists("/proc/self/stat") and _answers(pid) else None
        except ProcessLookupError:
            return None
        except OSError:
            return ""
        return None if fields[0].decode() in _DEAD_STATES else fields[19].decode()

else:

    def _began(pid: int) -> str | None:
        """Return when a process began, empty if that is not told, ``None`` if there is none."""
        import subprocess

        if not _answers(pid):
            return None
        environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        try:
            told = subprocess.run(
                ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            ).stdout.split()
        except OSError:
            return ""
        return None if not told or told[0][0] in _DEAD_STATES else "-".join(told[1:])


if sys.platform != "win32":

    def _answers(pid: int) -> bool:
        """Tell whether there is a process of that number, be it another user's."""
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        except (ProcessLookupError, OverflowError):
            return False
        return True
