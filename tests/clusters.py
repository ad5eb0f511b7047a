"""Clusters for tests: processes on loopback, ended by their numbers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 60
DASK = Path(sys.executable).with_name("dask")


@dataclass
class DaskCluster:
    """A scheduler with workers, as somebody else has started them."""

    folder: Path
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, *before: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker with one thread; `before` are words before its command."""
        name = f"w{len(self.workers)}"
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name)
        started = self._start([*before, str(DASK), "worker", self.address, *options], **environment)
        self.workers.append(started)
        return started

    def _start(self, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"log-{len(self.workers)}").open("wb") as log:
            env = clean_environment(**environment)
            return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, env=env)

    def open(self) -> None:
        file = self.folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        ttl = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "1s"}  # as soon as ten heartbeats are missed
        self.scheduler = self._start([str(DASK), "scheduler", *options], **ttl)
        wait_until(lambda: file.exists() and file.stat().st_size > 0)
        self.address = json.loads(file.read_text())["address"]

    def wait_for_workers(self, count: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=PATIENCE_S)

    def close(self) -> None:
        for process in (*self.workers, *([self.scheduler] if self.scheduler else ())):
            end(process)


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """Give a Dask cluster on loopback."""
    cluster = DaskCluster(folder)
    try:
        cluster.open()
        for _ in range(workers):
            cluster.start_worker()
        if workers:
            cluster.wait_for_workers(workers)
        yield cluster
    finally:
        cluster.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, stopped or not."""
    with suppress(OSError):
        process.kill()
        os.kill(process.pid, signal.SIGCONT)
    process.wait(timeout=PATIENCE_S)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def marked(mark: str) -> list[int]:
    """Return the processes that have a mark in their environment; the dead have none."""
    found: list[int] = []
    if not Path("/proc/self").exists():
        import psutil

        for process in psutil.process_iter():
            with suppress(psutil.Error):
                found += [process.pid] if process.environ().get("MLO_TEST_MARK") == mark else []
        return found
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if (
                folder.name.isdigit()
                and f"MLO_TEST_MARK={mark}".encode() in (folder / "environ").read_bytes()
            ):
                found.append(int(folder.name))
    return found
