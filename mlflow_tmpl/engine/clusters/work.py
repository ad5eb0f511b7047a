"""What a worker of a cluster does: it performs tasks of runs that it comes to know, one after the other or at once."""

from __future__ import annotations

import logging
import sys
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog import isolate
from mlflow_tmpl.engine.clusters.code import Imported
from mlflow_tmpl.engine.failure import NodeFailure
from mlflow_tmpl.engine.portable import dumps, enter, not_arrived, perform_portable, unpack_task
from mlflow_tmpl.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.engine.clusters.code import Code
    from mlflow_tmpl.engine.portable import PortableTask, Workplace
    from mlflow_tmpl.engine.task import Outcome

_REMEMBERED = 8
"""How many runs a worker that is shared by many remembers: their catalogs have credentials."""


@dataclass(frozen=True, slots=True)
class ClusterSite:
    """A run as it travels to the workers of a cluster.

    Attributes:
        run: id of the run, or another text that no other run has.
        packed: what a worker needs to know of it, from `pack_site`.
        code: the project's code, where workers import it from elsewhere than the driver; ``None`` if they do not.
        log_level: of the driver's root logger.
    """

    run: str
    packed: bytes = field(repr=False)
    code: Code | None = None
    log_level: int = logging.WARNING


class Workplaces:
    """The runs that a worker knows."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Workplace, ExitStack]] = OrderedDict()
        self._imported = Imported()
        self._lock = Lock()

    def prepare(self, site: ClusterSite) -> None:
        """Have imports find the code of a run, also when values of its classes arrive."""
        if site.code is not None:
            self._imported.use(site.code)

    def of(self, site: ClusterSite) -> Workplace:
        """Return a run as this worker sees it, and have imports find its code."""
        self.prepare(site)
        with self._lock:
            if site.run not in self._known:
                self._known[site.run] = _entered(site)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)[1][1].close()
            return self._known[site.run][0]

    def forget(self, run: str) -> None:
        """Drop a run that has ended."""
        with self._lock:
            known = self._known.pop(run, None)
        if known is not None:
            known[1].close()


def _entered(site: ClusterSite) -> tuple[Workplace, ExitStack]:
    """Return a run as this worker sees it, and what ends listening to what its nodes say."""
    workplace, listening = enter(site.packed), ExitStack()
    assert workplace.capture is not None
    if not logging.root.handlers:  # as the driver's, if it has none either: what nodes log is in their log
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logging.root.addHandler(handler)
        logging.root.setLevel(site.log_level)
        listening.callback(logging.root.removeHandler, handler)
    listening.enter_context(workplace.capture.listening())
    return workplace, listening


WORKPLACES = Workplaces()
"""Of this process, which is a worker: its scheduler hands it nothing but tasks."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A task as it travels, with what to call it should it not arrive.

    Attributes:
        name: of the node.
        where: ``file:line`` of its function.
        packed: the task, from `pack_task`.
        timed: whether the driver wants to know when it begins.
    """

    name: str
    where: str
    packed: bytes = field(repr=False)
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Lent:
    """How a value that lies on the cluster is given to a node.

    Attributes:
        alone: whether nobody else will ever see the value, so that the node may have it itself.
        mode: how it is to be copied, where the catalog says it.
    """

    alone: bool
    mode: str | None = None


def perform_there(
    site: ClusterSite,
    sent: Sent,
    values: Mapping[str, Any],
    lent: Mapping[str, Lent],
    leave: Callable[[Any], Any],
) -> tuple[bytes, list[Any]]:
    """Perform a task in a worker.

    Args:
        site: the run.
        sent: the task.
        values: argument to value, of what lay on the cluster.
        lent: how each of these is given.
        leave: returns a value as it is left on the cluster, or raises if it cannot leave its process.

    Returns:
        the outcome without its values, or the failure, pickled; and the values in the order of the task's `keeps`.
    """
    try:
        workplace = WORKPLACES.of(site)
        task = unpack_task(sent.packed)
        outcome = _performed(task, workplace, values, lent)
        made = [_left(task, name, outcome.values.pop(name), leave) for name in task.keeps]
    except NodeFailure as failure:
        return failure.packed(), []
    except BaseException as error:  # noqa: BLE001 (told in the driver: nothing of it may end the worker)
        return not_arrived(sent.name, sent.where, error).packed(), []
    return dumps(outcome), made


def _left(task: PortableTask, name: str, value: Any, leave: Callable[[Any], Any]) -> Any:
    try:
        return leave(value)
    except Exception as error:
        problem = f"its output {name!r} of type {type(value).__name__} cannot leave the worker: {error}"
        hint = "run it and what takes it with engine: inline or threads"
        raise not_arrived(task.name, task.where, NodeError(problem, where=task.where, hint=hint)) from error


def _performed(
    task: PortableTask, workplace: Workplace, values: Mapping[str, Any], lent: Mapping[str, Lent]
) -> Outcome:
    given = {}
    for argument, value in values.items():
        how = lent[argument]
        given[argument] = value if how.alone else isolate(value, how.mode, subject=f"argument {argument!r}")
    return perform_portable(task, given, workplace)
