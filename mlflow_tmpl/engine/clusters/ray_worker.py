"""What a worker of a Ray cluster does for mlo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.clusters.packing import Packed, pack
from mlflow_tmpl.engine.clusters.work import perform_there

if TYPE_CHECKING:
    from mlflow_tmpl.engine.clusters.work import ClusterSite, Lent, Sent


def perform_ray(
    site: ClusterSite, sent: Sent, outputs: int, lent: dict[str, Lent], *values: Packed
) -> tuple[Any, ...]:
    """Perform a task.

    Args:
        site: the run.
        sent: the task.
        outputs: how many values it makes.
        lent: how each argument is given that lies on the cluster.
        values: these, in the order of `lent`.

    Returns:
        what is told of it, and how often it had been tried before; then each value.
    """
    given = {argument: value.unpack() for argument, value in zip(lent, values, strict=True)}
    told, made = perform_there(site, sent, given, lent, pack)
    head = (told, _attempt())
    return (head, *(made or [None] * outputs)) if outputs else head


def _attempt() -> int:
    """Return how often this task was tried before; Ray has no public way to tell."""
    import ray._private.worker as internal

    try:
        return int(internal.global_worker.core_worker.get_current_task_attempt_number())
    except AttributeError:
        return 0
