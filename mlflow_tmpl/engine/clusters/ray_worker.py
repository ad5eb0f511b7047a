"""What a worker of a Ray cluster does for mlo."""

from __future__ import annotations

import pickle
from time import time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.clusters.packing import Packed, pack
from mlflow_tmpl.engine.clusters.work import perform_there

if TYPE_CHECKING:
    from mlflow_tmpl.engine.clusters.work import ClusterSite


def perform_ray(site: ClusterSite, order: bytes, *values: Packed) -> tuple[Any, ...]:
    """Perform a task.

    Args:
        site: the run.
        order: the task, how many outputs it has, and how each argument is given that lies on the cluster; pickled
            once, where Ray would pickle each argument by itself.
        values: these arguments, in that order.

    Returns:
        what is told of it, and how often it had been tried before; then each value.
    """
    sent, outputs, lent = pickle.loads(order)
    if sent.timed:
        import ray
        from ray.experimental import internal_kv

        internal_kv._internal_kv_put(
            began_key(ray.get_runtime_context().get_task_id()), repr(time()).encode()
        )
    given = {argument: value.unpack() for argument, value in zip(lent, values, strict=True)}
    told, made = perform_there(site, sent, given, lent, pack)
    head = (told, _attempt())
    return (head, *(made or [None] * outputs)) if outputs else head


def began_key(task: str) -> bytes:
    """Return under what name a cluster knows when a task began; nothing else of Ray tells it without a dashboard."""
    return f"mlo-began-{task}".encode()


def _attempt() -> int:
    """Return how often this task was tried before; Ray has no public way to tell."""
    import ray._private.worker as internal

    try:
        return int(internal.global_worker.core_worker.get_current_task_attempt_number())
    except AttributeError:
        return 0
