"""Ends what a local Ray cluster leaves when its driver is gone, however that went. Runs by itself, without mlo.

    python ray_guard.py MARK FOLDER

It waits for the end of its stdin, which the driver holds open, then ends every process that has `MARK` in its
environment, and removes the cluster's folder: Ray's own agents outlive a driver that is killed.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress

import psutil

MARK = "MLO_RAY_CLUSTER"
"""Environment variable that all processes of a cluster inherit."""


def main(mark: str, folder: str) -> None:
    """Wait for the driver to be gone, and clear up behind it."""
    sys.stdin.buffer.read()
    for _ in range(3):  # what is ended may have started another one just before
        found = marked(mark)
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=2)
    shutil.rmtree(folder, ignore_errors=True)


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes that have a mark in their environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.pid != psutil.Process().pid:
                found.append(process)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
