"""What a task takes with it to a cluster, and what lies there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mlflow_tmpl.engine.clusters.work import Lent
from mlflow_tmpl.engine.handles import Handle, ValueGone
from mlflow_tmpl.engine.task import ValuesLost
from mlflow_tmpl.pipeline.names import is_parameter
from mlflow_tmpl.store.kept import Lost

if TYPE_CHECKING:
    from mlflow_tmpl.engine.task import Task

HandleT = TypeVar("HandleT", bound=Handle)

_LARGE_BYTES = 262_144
"""A value of the driver of at least this size is put on the cluster beside the task."""


@dataclass(frozen=True, slots=True)
class Lending(Generic[HandleT]):
    """The arguments of a task, by the way that they go.

    Attributes:
        travelling: what travels with it: parameters and small values.
        large: values that the driver has, too large for that.
        handles: what lies on the cluster.
        lent: how the node is given what it gets from there, `large` included.
    """

    travelling: dict[str, Any]
    large: dict[str, Any]
    handles: dict[str, HandleT]
    lent: dict[str, Lent]


def lending_of(task: Task, kind: type[HandleT]) -> Lending[HandleT]:
    """Sort the arguments of a task.

    Args:
        task: what is to be done.
        kind: of the handles of this engine; what other engines hold is fetched.

    Raises:
        ValuesLost: a value that was kept cannot be read, or one of another engine is no more.
    """
    lending: Lending[HandleT] = Lending({}, {}, {}, {})
    values = {**task.values, **_kept(task)}
    for argument, value in values.items():
        name = task.node.inputs.get(argument, "")
        if not name or is_parameter(name):
            lending.travelling[argument] = value
            continue
        if isinstance(value, kind):
            lending.handles[argument] = value
        else:
            here = _fetched(value) if isinstance(value, Handle) else value
            if size_of(here) < _LARGE_BYTES:
                lending.travelling[argument] = here
                continue
            lending.large[argument] = here
        lending.lent[argument] = Lent(argument in task.spent, task.catalog.copy_mode(name))
    return lending


def size_of(value: Any) -> int:
    """Return about how many bytes a value takes; 0 if it does not tell."""
    for attribute in ("nbytes", "estimated_size"):
        told = getattr(value, attribute, None)
        size = told() if callable(told) else told
        if isinstance(size, int):
            return size
    usage = getattr(value, "memory_usage", None)
    if callable(usage):
        used = usage(deep=False)
        return int(getattr(used, "sum", lambda: used)())
    return len(value) if isinstance(value, (str, bytes, bytearray)) else 0


def _fetched(handle: Handle) -> Any:
    try:
        return handle.get()
    except ValueGone as gone:
        raise ValuesLost({}) from gone


def _kept(task: Task) -> dict[str, Any]:
    try:
        return {argument: load() for argument, load in task.kept}
    except Lost as lost:
        raise ValuesLost({}) from lost
