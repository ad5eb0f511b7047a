"""The ray engine: tasks go to the workers of a Ray cluster, and what they make stays there as object references."""

from __future__ import annotations

import logging
import pickle
from concurrent.futures import Future
from threading import Timer
from time import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlflow_tmpl.engine.clusters.code import own_path
from mlflow_tmpl.engine.clusters.lending import lending_of
from mlflow_tmpl.engine.clusters.packing import Packed, pack
from mlflow_tmpl.engine.clusters.ray_worker import began_key, perform_ray
from mlflow_tmpl.engine.clusters.telling import offer_values, outcome_told
from mlflow_tmpl.engine.clusters.work import ClusterSite, Sent
from mlflow_tmpl.engine.failure import NodeFailure
from mlflow_tmpl.engine.handles import Handle, ValueGone
from mlflow_tmpl.engine.machine import cpus
from mlflow_tmpl.engine.portable import moved, pack_site, pack_task
from mlflow_tmpl.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ray import ObjectRef

    from mlflow_tmpl.engine.capture import Capture
    from mlflow_tmpl.engine.clusters.ray_cluster import GivenRay, OwnRay
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Outcome, Task
    from mlflow_tmpl.pipeline.options import Resources

_AHEAD = 2
"""Tasks sent for each processor: so a worker need not wait for the driver after a short one."""

_SLACK_S = 0.05

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


class RayFuture:
    """A task on its way; what came of it is looked at in the thread that asks, for Ray's own must not wait.

    Args:
        task: what is done.
        references: of what is told of it, and of each of its outputs.
        capture: of the run.
    """

    def __init__(self, task: Task, references: Sequence[ObjectRef], capture: Capture | None) -> None:
        self._task = task
        self._reference, *self._made = references
        self._told: Any = self._reference.future()
        self._capture = capture

    def add_done_callback(self, call: Callable[[Any], object], /) -> None:
        """Call back with this when the task has ended."""
        self._told.add_done_callback(lambda _: call(self))

    def left_s(self) -> float:
        """Return the seconds that its node has left of its time; none once it has ended."""
        import ray
        from ray.experimental import internal_kv

        if self._told.done() or not ray.is_initialized():
            return 0.0
        began = internal_kv._internal_kv_get(began_key(self._reference.task_id().hex()))
        had_s = time() - float(began) if began else 0.0
        left_s = (self._task.node.options.timeout_s or 0.0) - had_s
        return left_s if left_s > _SLACK_S else 0.0

    def cancel(self) -> None:
        """End the worker that performs it."""
        import ray

        ray.cancel(self._reference, force=True, recursive=False)

    def result(self) -> Outcome:
        """Return the outcome; to be asked for once, as what the node has said is said again.

        Raises:
            NodeFailure: it failed.
        """
        task = self._task
        try:
            told, before = self._told.result()
            outcome = outcome_told(told, _notes(task, before), self._capture)
            outcome.values = {
                name: RayHandle(each) for name, each in zip(task.keeps, self._made, strict=True)
            }
            outcome.moved = moved(task, outcome)
            offer_values(task, outcome)
        except NodeFailure:
            raise
        except Exception as error:
            raise _failure(task, error) from error
        return outcome


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
        self._kinds: dict[tuple[int, Resources], Any] = {}
        self._under_way: set[RayFuture] = set()

    def submit(self, task: Task) -> RayFuture | Future[Outcome]:
        """Start a task where Ray finds a place for it."""
        try:
            return self._sent(task)
        except BaseException as error:  # noqa: BLE001 (handed on: the future raises it)
            failed: Future[Outcome] = Future()
            failed.set_exception(error)
            return failed

    def kill(self, future: RayFuture) -> None:
        """End the worker that performs a task, as soon as that has had its time: it may have waited for a worker."""
        left_s = future.left_s()
        if left_s <= 0:
            future.cancel()
            return
        again = Timer(left_s, self.kill, (future,))
        again.daemon = True
        again.start()

    def close(self, *, cancel: bool) -> None:
        """End what is under way, and the cluster if it is there for the run only."""
        try:
            for future in list(self._under_way) if cancel else ():
                future.cancel()
        finally:
            self._site = None
            self._cluster.close()

    def _sent(self, task: Task) -> RayFuture:
        import ray

        lending = lending_of(task, RayHandle)
        node = task.node
        timed = node.options.timeout_s is not None
        sent = Sent(node.name, node.where, pack_task(task, lending.travelling), timed)
        held = {name: ray.put(pack(value)) for name, value in lending.large.items()}
        held |= {name: handle.reference for name, handle in lending.handles.items()}
        order = pickle.dumps((sent, len(task.keeps), {name: lending.lent[name] for name in held}), 5)
        started = self._performing(task).remote(self._site, order, *held.values())
        future = RayFuture(task, started if task.keeps else [started], self._capture)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def _performing(self, task: Task) -> Any:
        """Return what is called on the cluster for nodes that make so many outputs and take so much of a machine."""
        key = len(task.keeps), task.node.options.resources
        known = self._kinds.get(key)
        if known is None:
            claim = self._claim(task)
            known = self._perform.options(num_returns=1 + len(task.keeps), max_retries=3, **claim)
            self._kinds[key] = known
        return known

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
