"""Ends what a local Ray cluster leaves when its driver is gone, however that went. Runs by itself, without mlo.

    python ray_guard.py FOLDER

It waits for the end of its stdin, which the driver holds open, then ends every process that uses the cluster's folder,
and removes that: Ray's own agents outlive a driver that is killed by a minute.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress

import psutil


def main(folder: str) -> None:
    """Wait for the driver to be gone, and clear up behind it."""
    own = {os.getpid(), os.getppid()}
    sys.stdin.buffer.read()
    for _ in range(3):  # what is ended may have started another one just before
        found = [process for process in users(folder) if process.pid not in own]
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=2)
    shutil.rmtree(folder, ignore_errors=True)


def users(folder: str) -> list[psutil.Process]:
    """Return the processes that name a folder, or have a file in it open."""
    found, inside = [], folder + os.sep
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            named = any(inside in word for word in process.cmdline())
            if named or any(file.path.startswith(inside) for file in process.open_files()):
                found.append(process)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
