"""The dask engine: tasks go to the workers of a Dask cluster, and what they make stays there as futures."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from operator import getitem
from threading import Condition, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlflow_tmpl.engine.clusters.code import own_path
from mlflow_tmpl.engine.clusters.dask_worker import SitePlugin, perform_dask, plugin_of
from mlflow_tmpl.engine.clusters.lending import lending_of
from mlflow_tmpl.engine.clusters.telling import offer_values, outcome_told
from mlflow_tmpl.engine.clusters.work import ClusterSite, Sent
from mlflow_tmpl.engine.failure import NodeFailure
from mlflow_tmpl.engine.handles import Handle, ValueGone
from mlflow_tmpl.engine.machine import cpus
from mlflow_tmpl.engine.portable import moved, pack_site, pack_task
from mlflow_tmpl.errors import EngineError, NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from distributed import Client
    from distributed import Future as Promise

    from mlflow_tmpl.engine.clusters.dask_cluster import GivenCluster, OwnCluster
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Outcome, Task
    from mlflow_tmpl.pipeline.options import Resources

_TOLD_WITHIN_S = 60.0
"""How long the driver waits for the message about a task that has ended: it was sent before the end."""

_SENT_AGAIN = 3
"""How often a task is sent again whose inputs, put on the cluster by the driver, went with a worker."""

_AHEAD = 2
"""Tasks sent for each thread: so a worker need not wait for the driver after a short one."""

_RESOURCES = {"cpus": "CPU", "gpus": "GPU", "memory_bytes": "MEMORY"}
"""What a node asks for, and what Dask's documentation calls that where workers declare it."""

_SLACK_S = 0.05

_log = logging.getLogger(__name__)


class DaskHandle(Handle):
    """A value that a worker of a Dask cluster has."""

    __slots__ = ("_promise",)

    engine = "dask"

    def __init__(self, promise: Promise) -> None:
        self._promise: Promise | None = promise

    @property
    def promise(self) -> Promise:
        """What stands for it on the cluster."""
        if self._promise is None:
            raise ValueGone("it was let go")
        return self._promise

    def get(self) -> Any:
        """Fetch the value: it arrives as a copy."""
        try:
            return self.promise.result()
        except (CancelledError, OSError) as error:
            raise ValueGone("the cluster has lost it") from error

    @classmethod
    def get_all(cls, handles: Sequence[DaskHandle]) -> list[Any]:
        """Fetch several values at once."""
        promises = [handle.promise for handle in handles]
        try:
            found: list[Any] = promises[0].client.gather(promises)
        except (CancelledError, OSError) as error:
            raise ValueGone("the cluster has lost them") from error
        return found

    def release(self) -> None:
        """Let the cluster forget it."""
        self._promise = None


@dataclass(slots=True, eq=False)
class _Job:
    """A task on its way."""

    task: Task
    future: Future[Outcome]
    key: str = ""
    promise: Promise | None = None
    times: int = 1
    worker: str = ""
    began_at: float = 0.0


class DaskExecutor:
    """Performs tasks on a Dask cluster.

    Args:
        surroundings: the run.

    Raises:
        EngineError: Dask is not installed, or the cluster is not to be had.
        CatalogError: a dataset lies where its workers do not see it.
    """

    remote = True
    blocks = False

    def __init__(self, surroundings: Surroundings) -> None:
        self._own = surroundings.address is None
        self._cluster = _opened(surroundings)
        self._client: Client = self._cluster.client
        self._run = f"{surroundings.run or 'run'}-{uuid4().hex[:8]}"
        self.can_kill, self.seats = self._cluster.can_kill, self._cluster.seats
        self.slots = surroundings.jobs or self._cluster.threads * _AHEAD
        self._capture = surroundings.capture
        self._told: dict[str, bytes] = {}
        self._under_way: dict[str, _Job] = {}
        self._lost: dict[str, list[str]] = {}
        self._killed: set[str] = set()
        self._news = Condition()
        self._closing = False
        try:
            self._announce(surroundings)
        except BaseException:
            self._cluster.close(cancel=True)
            raise

    def _announce(self, surroundings: Surroundings) -> None:
        packed = pack_site(surroundings, None if self._own else own_path(surroundings))
        site = ClusterSite(self._run, packed, self._cluster.code, logging.root.level)
        self._client.register_plugin(SitePlugin(site, owned=self._own), name=plugin_of(self._run))
        self._client.subscribe_topic(plugin_of(self._run), self._hear)
        self._client.subscribe_topic("all", self._hear_of_workers)

    def submit(self, task: Task) -> Future[Outcome]:
        """Start a task where Dask finds a place for it."""
        job = _Job(task, Future())
        self._send(job)
        return job.future

    def kill(self, future: Future[Outcome]) -> None:
        """End the worker that performs a task, as soon as that has had its time: it may have waited for a worker."""
        job = next((each for each in list(self._under_way.values()) if each.future is future), None)
        if job is None or job.promise is None:
            return
        node = job.task.node
        had_s = monotonic() - job.began_at if job.worker else 0.0
        left_s = (node.options.timeout_s or 0.0) - had_s
        if left_s > _SLACK_S:
            again = Timer(left_s, self.kill, (future,))
            again.daemon = True
            again.start()
            return
        promise = job.promise
        self._killed.add(job.worker)
        self._end(job, error=NodeFailure(node, NodeError("it was ended", where=node.where), {}))
        self._client.cancel([promise], force=True)
        self._cluster.kill(job.worker)

    def close(self, *, cancel: bool) -> None:
        """End the run on the cluster, and the cluster if it is there for the run only."""
        self._closing = True
        try:
            if not self._own:
                self._withdraw(cancel)
        finally:
            self._cluster.close(cancel=cancel)

    def _withdraw(self, cancel: bool) -> None:
        """Leave nothing of the run on a cluster that goes on; where that fails the cluster has forgotten it already."""
        if cancel:
            jobs = list(self._under_way.values())
            self._client.cancel([job.promise for job in jobs if job.promise is not None], force=True)
        for topic in (plugin_of(self._run), "all"):
            self._client.unsubscribe_topic(topic)
        with suppress(KeyError, ValueError, OSError):
            self._client.unregister_worker_plugin(plugin_of(self._run))

    def _send(self, job: _Job) -> None:
        node = job.task.node
        job.key = f"{node.name}-{uuid4().hex}"
        self._under_way[job.key] = job
        try:
            lending = lending_of(job.task, DaskHandle)
            packed = pack_task(job.task, lending.travelling)
            held = {argument: handle.promise for argument, handle in lending.handles.items()}
            for argument, value in lending.large.items():
                held[argument] = self._client.scatter(value, hash=False)
            job.promise = self._client.submit(
                perform_dask,
                self._run,
                Sent(node.name, node.where, packed, node.options.timeout_s is not None),
                held,
                lending.lent,
                key=job.key,
                pure=False,
                priority=node.options.priority,
                resources=self._resources_of(node.options.resources),
            )
        except BaseException as error:  # noqa: BLE001 (handed on: the future raises it)
            self._end(job, error=error)
            return
        job.promise.add_done_callback(lambda promise: self._ended(job, promise))

    def _ended(self, job: _Job, promise: Promise) -> None:
        """Take note of a task that has ended, in the thread in which Dask calls back."""
        if job.future.done():
            return
        try:
            if promise.status == "finished":
                self._end(job, outcome=self._outcome(job, promise))
            elif promise.status == "error":
                self._end(job, error=_failure(job.task, promise.exception()))
            elif self._closing or job.times >= _SENT_AGAIN:
                self._end(job, error=_failure(job.task, ValueGone("the cluster has dropped it")))
            else:
                self._again(job)
        except BaseException as error:  # noqa: BLE001 (handed on: the future raises it)
            self._end(job, error=error)

    def _end(self, job: _Job, *, outcome: Outcome | None = None, error: BaseException | None = None) -> None:
        self._under_way.pop(job.key, None)
        with suppress(InvalidStateError):  # it has ended in another thread at the same time
            if error is not None:
                job.future.set_exception(error)
            elif outcome is not None:
                job.future.set_result(outcome)

    def _again(self, job: _Job) -> None:
        self._under_way.pop(job.key, None)
        _log.warning("node %r is sent again: the cluster has lost what it takes", job.task.node.name)
        job.times += 1
        self._send(job)

    def _outcome(self, job: _Job, promise: Promise) -> Outcome:
        """Return what came of a task, with handles for what it has made.

        Raises:
            NodeFailure: it failed.
        """
        with self._news:
            self._news.wait_for(lambda: promise.key in self._told, _TOLD_WITHIN_S)
            told = self._told.pop(promise.key, None)
            lost = self._lost.pop(promise.key, [])
        if told is None:
            raise EngineError(f"node {job.task.node.name!r} has ended, and its worker has not told how")
        notes = [f"worker {worker} was lost: the node ran again" for worker in lost]
        outcome = outcome_told(told, notes, self._capture)
        outcome.values = dict(self._handles(job.task.keeps, promise))
        outcome.moved = moved(job.task, outcome)
        offer_values(job.task, outcome)
        return outcome

    def _handles(self, keeps: Sequence[str], promise: Promise) -> Iterator[tuple[str, DaskHandle]]:
        if len(keeps) == 1:
            yield keeps[0], DaskHandle(promise)
            return
        for position, name in enumerate(keeps):
            part = self._client.submit(
                getitem, promise, position, key=f"{promise.key}-{position}", pure=False
            )
            yield name, DaskHandle(part)

    def _hear(self, event: Any) -> None:
        """Take a worker's message; one about a task that had ended before is of a value that was made again."""
        message = event[1]
        job = self._under_way.get(message["key"])
        if job is None:
            return
        if "told" not in message:
            job.worker, job.began_at = message["worker"], monotonic()
            return
        with self._news:
            self._told[job.key] = message["told"]
            self._news.notify_all()

    def _hear_of_workers(self, event: Any) -> None:
        message = event[1]
        if message.get("action") != "remove-worker" or message.get("expected"):
            return
        worker, keys = message["worker"], message["processing-tasks"]
        if worker in self._killed:  # for the time that a node took: the others had only waited there
            return
        nodes = [self._under_way[key].task.node.name for key in keys if key in self._under_way]
        for key in keys:
            self._lost.setdefault(key, []).append(worker)
        if (nodes or message["lost-computed-tasks"]) and not self._closing:
            again = ", ".join(map(repr, nodes)) or "what made the values that it had"
            _log.warning("worker %s was lost: Dask runs again %s", worker, again)

    def _resources_of(self, wanted: Resources) -> dict[str, float] | None:
        declared = {there: getattr(wanted, ours) for ours, there in _RESOURCES.items()}
        taken = {
            name: amount for name, amount in declared.items() if amount and name in self._cluster.resources
        }
        return taken or None


def _opened(surroundings: Surroundings) -> OwnCluster | GivenCluster:
    from mlflow_tmpl.engine.clusters.dask_cluster import GivenCluster, OwnCluster

    if surroundings.address is not None:
        return GivenCluster(surroundings.address, surroundings)
    return OwnCluster(surroundings.jobs or cpus())


def _failure(task: Task, error: BaseException | None) -> NodeFailure:
    """Return the failure of a node that Dask could not run."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        error = NodeError(
            f"{error.allowed_failures + 1} workers died while they ran it, the last one {error.last_worker.address}",
            where=task.node.where,
            hint="killed for lack of memory, perhaps, or by what the node itself does",
        )
    return NodeFailure(task.node, error or NodeError("Dask does not say why"), {})
