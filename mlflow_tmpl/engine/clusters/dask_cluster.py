"""The Dask cluster that a run uses: one of its own on this machine, or one that is there."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.clusters.dask_worker import CodePlugin
from mlflow_tmpl.engine.clusters.nanny import nanny_without_main
from mlflow_tmpl.engine.clusters.quiet import SILENT, quiet
from mlflow_tmpl.engine.clusters.survey import Survey, check_python
from mlflow_tmpl.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distributed import Client, LocalCluster

    from mlflow_tmpl.engine.clusters.code import Code
    from mlflow_tmpl.engine.surroundings import Surroundings

_CONNECT_S = 10
_WORKERS_WITHIN_S = 10

_OWN_CLUSTER = {
    # A share of the memory for each worker is no limit: what fits the machine inline is to fit it here.
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.daemon": True,
    "distributed.comm.timeouts.connect": "30s",
}


class OwnCluster:
    """A cluster on this machine, for one run; its workers have a thread each, and end with this process.

    Args:
        workers: how many.
    """

    can_kill = True
    seats = False

    def __init__(self, workers: int) -> None:
        import dask
        from distributed import Client, LocalCluster

        self._quiet = quiet("distributed")
        with dask.config.set(_OWN_CLUSTER):
            self._cluster: LocalCluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=SILENT,
                worker_class=nanny_without_main(),
            )
            self.client: Client = Client(self._cluster, set_as_default=False, direct_to_workers=True)
        self.threads = workers
        self.resources: frozenset[str] = frozenset()
        self.code: Code | None = None

    def kill(self, worker: str) -> None:
        """End a worker; another one takes its place."""
        for nanny in self._cluster.workers.values():
            if nanny.worker_address == worker and nanny.pid:
                _end(nanny.pid)

    def close(self, *, cancel: bool) -> None:
        """End the cluster; with `cancel` whatever its workers do."""
        if cancel:
            for nanny in list(self._cluster.workers.values()):
                nanny.auto_restart = False
                if nanny.pid:
                    _end(nanny.pid)
        with suppress(TimeoutError):
            self.client.close()
            self._cluster.close(timeout=10)
        self._quiet.restore()


class GivenCluster:
    """A cluster that is there, with others' work on it perhaps.

    Args:
        address: of its scheduler.
        surroundings: the run: what does not fit it is refused.

    Raises:
        EngineError: it cannot be reached, has no workers, or workers with other versions.
        CatalogError: a dataset lies where its workers do not see it.
    """

    can_kill = False
    seats = True

    def __init__(self, address: str, surroundings: Surroundings) -> None:
        from distributed import Client

        self._sent = ""
        try:
            self.client: Client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise EngineError(
                f"no Dask scheduler answers at {address!r}: {error}",
                hint="it is started with: dask scheduler",
            ) from error
        try:
            workers = self._workers(address)
            self.code = self._surveyed(surroundings)
        except BaseException:
            self.client.close()
            raise
        self.threads = sum(worker["nthreads"] for worker in workers.values())
        self.resources = frozenset(name for worker in workers.values() for name in worker["resources"])

    def kill(self, worker: str) -> None:
        """Leave it: others may use it."""

    def close(self, *, cancel: bool) -> None:  # noqa: ARG002 (as of one of its own)
        """Leave the cluster as it is; workers that have the code keep it, and new ones need no mlo."""
        if self._sent:
            with suppress(KeyError, ValueError, OSError):
                self.client.unregister_worker_plugin(self._sent)
        with suppress(TimeoutError):
            self.client.close()

    def _workers(self, address: str) -> Mapping[str, Any]:
        with suppress(TimeoutError):
            self.client.wait_for_workers(1, timeout=_WORKERS_WITHIN_S)
        workers: Mapping[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise EngineError(
                f"the Dask cluster at {address!r} has no workers",
                hint=f"one is started with: dask worker {address}",
            )
        return workers

    def _surveyed(self, surroundings: Surroundings) -> Code | None:
        """Return the project's code as the workers have it, having seen that all fits."""
        versions = self.client.get_versions()["workers"]
        survey = Survey(surroundings)
        check_python({name: told["host"]["python"] for name, told in versions.items()})
        with survey.question() as (function, arguments):
            answers = self.client.run(function, *arguments)
        survey.check(answers)
        code, archive = survey.code(answers)
        if code is not None and archive:
            self.client.register_plugin(CodePlugin(code.packed(archive)), name=code.project)
            self._sent = code.project
        return code


def _end(process: int) -> None:
    with suppress(OSError):
        os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
