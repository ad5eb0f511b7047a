"""What a worker of a Dask cluster gets from mlo: the runs that it takes part in, and the way to perform a task."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from distributed import WorkerPlugin, get_worker

from mlflow_tmpl.engine.clusters.packing import able_to_travel
from mlflow_tmpl.engine.clusters.work import WORKPLACES, perform_there

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distributed import Worker

    from mlflow_tmpl.engine.clusters.code import Code
    from mlflow_tmpl.engine.clusters.work import ClusterSite, Lent, Sent


class CodePlugin(WorkerPlugin):
    """Brings a version of a project's code to every worker, also to one that comes later."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def setup(self, worker: Worker) -> None:  # noqa: ARG002 (as Dask calls it)
        """Unpack it."""
        self.code.place()


class SitePlugin(WorkerPlugin):
    """Makes a run known to every worker, also to one that comes later.

    Args:
        site: the run.
        owned: whether the worker is there for this run only.
    """

    def __init__(self, site: ClusterSite, *, owned: bool) -> None:
        self.site = site
        self.owned = owned

    def setup(self, worker: Worker) -> None:  # noqa: ARG002 (as Dask calls it)
        """Take note of the run."""
        if self.owned:
            # The worker has the driver's streams. What nodes say is told by the driver; stdout is the results' own.
            os.dup2(2, 1)
            sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for good)
        with suppress(ImportError):  # tasks say it; raised here, the worker would not start
            WORKPLACES.prepare(self.site)

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 (as Dask calls it)
        """Drop the run: it has ended."""
        WORKPLACES.forget(self.site.run)


def plugin_of(run: str) -> str:
    """Return the name of the plugin, and of the messages, of a run."""
    return f"mlo-{run}"


def perform_dask(run: str, sent: Sent, values: Mapping[str, Any], lent: Mapping[str, Lent]) -> Any:
    """Perform a task, tell the driver what came of it in a message, and leave on the worker what it has made.

    So the driver has what it needs when the task ends, and asks nobody for it: a task a node, and no other.
    """
    worker, topic = get_worker(), plugin_of(run)
    key = worker.get_current_task()
    if sent.timed:
        worker.log_event(topic, {"key": key, "worker": worker.address})
    plugin: SitePlugin = worker.plugins[topic]
    told, made = perform_there(plugin.site, sent, values, lent, able_to_travel)
    worker.log_event(topic, {"key": key, "told": told})
    return made[0] if len(made) == 1 else made
