"""The ray engine: tasks go to the workers of a Ray cluster, and what they make stays there as object references."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlflow_tmpl.engine.clusters.code import own_path
from mlflow_tmpl.engine.clusters.lending import lending_of
from mlflow_tmpl.engine.clusters.packing import Packed, pack
from mlflow_tmpl.engine.clusters.ray_worker import perform_ray
from mlflow_tmpl.engine.clusters.telling import offer_values, outcome_told
from mlflow_tmpl.engine.clusters.work import ClusterSite, Sent
from mlflow_tmpl.engine.failure import NodeFailure
from mlflow_tmpl.engine.handles import Handle, ValueGone
from mlflow_tmpl.engine.machine import cpus
from mlflow_tmpl.engine.portable import moved, pack_site, pack_task
from mlflow_tmpl.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ray import ObjectRef

    from mlflow_tmpl.engine.clusters.ray_cluster import GivenRay, OwnRay
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Outcome, Task
    from mlflow_tmpl.pipeline.options import Resources

_AHEAD = 2
"""Tasks sent for each processor: so a worker need not wait for the driver after a short one."""

_log = logging.getLogger(__name__)


class RayHandle(Handle):
    """A value in the object store of a Ray cluster."""

    __slots__ = ("_reference",)

    engine = "ray"

    def __init__(self, reference: ObjectRef) -> None:
        self._reference: ObjectRef | None = reference

    @property
    def reference(self) -> ObjectRef:
        """What stands for it on the cluster."""
        if self._reference is None:
            raise ValueGone("it was let go")
        return self._reference

    def get(self) -> Any:
        """Fetch the value: it is unpacked for each who asks."""
        import ray

        try:
            packed: Packed = ray.get(self.reference)
        except ray.exceptions.RayError as error:
            raise ValueGone("the cluster has lost it") from error
        return packed.unpack()

    @classmethod
    def get_all(cls, handles: Sequence[RayHandle]) -> list[Any]:
        """Fetch several values at once."""
        import ray

        try:
            return [packed.unpack() for packed in ray.get([handle.reference for handle in handles])]
        except ray.exceptions.RayError as error:
            raise ValueGone("the cluster has lost them") from error

    def release(self) -> None:
        """Let the cluster forget it."""
        self._reference = None


class RayExecutor:
    """Performs tasks on a Ray cluster.

    Args:
        surroundings: the run.

    Raises:
        EngineError: the cluster is not to be had.
        CatalogError: a dataset lies where its nodes do not see it.
    """

    remote = True
    blocks = False
    can_kill = True
    seats = True

    def __init__(self, surroundings: Surroundings) -> None:
        self._cluster, own = _opened(surroundings)
        try:
            import ray

            self._has: Mapping[str, float] = ray.cluster_resources()
            self._largest = _largest(ray.nodes())
            packed = pack_site(surroundings, None if own else own_path(surroundings))
            code = self._cluster.code
            if code is not None and self._cluster.archive:
                code = code.packed(self._cluster.archive)
            run = f"{surroundings.run or 'run'}-{uuid4().hex[:8]}"
            self._site = ray.put(ClusterSite(run, packed, code, logging.root.level))
            self._perform: Any = ray.remote(perform_ray)
        except BaseException:
            self._cluster.close()
            raise
        self.slots = surroundings.jobs or max(1, int(self._has.get("CPU", 1))) * _AHEAD
        self._capture = surroundings.capture
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mlo-ray")
        self._under_way: dict[Future[Outcome], ObjectRef] = {}

    def submit(self, task: Task) -> Future[Outcome]:
        """Start a task where Ray finds a place for it."""
        future: Future[Outcome] = Future()
        try:
            self._send(task, future)
        except BaseException as error:  # noqa: BLE001 (handed on: the future raises it)
            future.set_exception(error)
        return future

    def kill(self, future: Future[Outcome]) -> None:
        """End the worker that performs a task."""
        import ray

        reference = self._under_way.get(future)
        if reference is not None:
            ray.cancel(reference, force=True, recursive=False)

    def close(self, *, cancel: bool) -> None:
        """End what is under way, and the cluster if it is there for the run only."""
        import ray

        try:
            for reference in list(self._under_way.values()) if cancel else ():
                ray.cancel(reference, force=True, recursive=False)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._site = None
            self._cluster.close()

    def _send(self, task: Task, future: Future[Outcome]) -> None:
        import ray

        lending = lending_of(task, RayHandle)
        sent = Sent(task.node.name, task.node.where, pack_task(task, lending.travelling))
        held = {name: ray.put(pack(value)) for name, value in lending.large.items()}
        held |= {name: handle.reference for name, handle in lending.handles.items()}
        outputs = len(task.keeps)
        started = self._perform.options(
            name=task.node.name, num_returns=1 + outputs, max_retries=3, **self._claim(task)
        ).remote(self._site, sent, outputs, {name: lending.lent[name] for name in held}, *held.values())
        told, *made = started if outputs else [started]
        self._under_way[future] = told
        told.future().add_done_callback(lambda done: self._look(task, future, done, made))

    def _look(self, task: Task, future: Future[Outcome], done: Any, made: list[ObjectRef]) -> None:
        """Leave Ray's own thread, in which nothing may be waited for."""
        with suppress(RuntimeError):  # the run is over
            self._thread.submit(self._done, task, future, done, made)

    def _done(self, task: Task, future: Future[Outcome], done: Any, made: list[ObjectRef]) -> None:
        """Take note of a task that has ended."""
        self._under_way.pop(future, None)
        try:
            told, before = done.result()
            outcome = outcome_told(told, _notes(task, before), self._capture)
            outcome.values = {name: RayHandle(each) for name, each in zip(task.keeps, made, strict=True)}
            outcome.moved = moved(task, outcome)
            offer_values(task, outcome)
        except NodeFailure as failure:
            future.set_exception(failure)
        except BaseException as error:  # noqa: BLE001 (handed on: the future raises it)
            future.set_exception(_failure(task, error))
        else:
            future.set_result(outcome)

    def _claim(self, task: Task) -> dict[str, float]:
        """Return what Ray is to set aside for a node.

        Raises:
            NodeFailure: no machine of the cluster has that: Ray would wait for one that has.
        """
        wanted: Resources = task.node.options.resources
        claim = {"CPU": wanted.cpus or 1, "GPU": wanted.gpus, "memory": wanted.memory_bytes}
        for name, amount in claim.items():
            if amount > self._largest.get(name, 0):
                has = self._largest.get(name, 0)
                problem = (
                    f"it asks for {amount:g} {name}, and no machine of the cluster has more than {has:g}"
                )
                raise NodeFailure(task.node, NodeError(problem, where=task.node.where), {})
        names = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
        return {names[name]: amount for name, amount in claim.items() if amount}


def _opened(surroundings: Surroundings) -> tuple[OwnRay | GivenRay, bool]:
    from mlflow_tmpl.engine.clusters.ray_cluster import GivenRay, OwnRay, is_connected

    if surroundings.address is None and not is_connected():
        return OwnRay(cpus()), True
    return GivenRay(surroundings.address, surroundings), False


def _largest(nodes: list[dict[str, Any]]) -> dict[str, float]:
    """Return the most that one machine of the cluster has of each resource."""
    found: dict[str, float] = {}
    for node in nodes:
        for name, amount in node["Resources"].items() if node["Alive"] else ():
            found[name] = max(found.get(name, 0), amount)
    return found


def _notes(task: Task, before: int) -> list[str]:
    """Return what the log says of workers that were lost, and tell it to who reads along."""
    if not before:
        return []
    _log.warning("node %r ran again: a worker was lost", task.node.name)
    return [f"{before} {'worker was' if before == 1 else 'workers were'} lost: the node ran again"]


def _failure(task: Task, error: BaseException) -> NodeFailure:
    """Return the failure of a node that Ray could not run."""
    import ray

    if isinstance(error, ray.exceptions.TaskCancelledError):
        error = NodeError("it was ended", where=task.node.where)
    elif isinstance(error, (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError)):
        error = NodeError(
            "its worker died, and so did the others that tried",
            where=task.node.where,
            hint="killed for lack of memory, perhaps, or by what the node itself does",
        )
    return NodeFailure(task.node, error, {})
