"""A task as it travels to a worker, whatever engine the worker is of.

A worker gets two kinds of packets: one for a run, with the catalog as plain entries and the import path, and one for
each task, with the node and what it takes. How values travel is the engine's own: `perform_portable` is given them.
"""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import sys
from dataclasses import field
from functools import cache
from types import FunctionType
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.engine.capture import Capture
from mlflow_tmpl.engine.failure import CannotTravel, NodeFailure
from mlflow_tmpl.engine.frames import table_with_polars
from mlflow_tmpl.engine.task import Task, perform
from mlflow_tmpl.errors import CatalogError, NodeError, place
from mlflow_tmpl.hashing import digest, digest_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.catalog.portable import PortableCatalog
    from mlflow_tmpl.engine.offering import Offering
    from mlflow_tmpl.engine.surroundings import Surroundings
    from mlflow_tmpl.engine.task import Outcome
    from mlflow_tmpl.pipeline import Node


class PortableTask(NamedTuple):
    """One call of a node, for a worker.

    Attributes:
        name: of the node, should it not arrive.
        where: ``file:line`` of its function.
        node: the node, packed by itself: so a worker can say which one it cannot import.
        values: argument to value, of what travels with the task: parameters above all.
        loads: ``(argument, dataset)`` that the worker loads.
        saves: outputs that the worker saves.
        keeps: outputs that are kept in memory.
        recorded: whether the content of what was saved is fingerprinted.
        offering: what is needed to offer values to be kept; ``None`` if they are not to be.
    """

    name: str
    where: str
    node: bytes
    values: Mapping[str, Any]
    loads: Sequence[tuple[str, str]] = ()
    saves: Sequence[str] = ()
    keeps: Sequence[str] = ()
    recorded: bool = False
    offering: Offering | None = None


@dataclass(slots=True)
class Workplace:
    """A run as a worker sees it: made once for each run, by `enter`.

    Attributes:
        catalog: the datasets.
        sources: project module to the hash of the source that the driver has loaded it from; emptied as they are
            imported here.
        capture: keeps what nodes print; ``None`` if somebody else does.
    """

    catalog: Catalog
    sources: dict[str, str]
    capture: Capture | None = field(default_factory=Capture)


@dataclass(frozen=True, slots=True)
class _Site:
    """A run as it travels. The catalog is packed by itself: reading it may need the import path."""

    path: tuple[str, ...]
    sources: dict[str, str]
    catalog: bytes = field(repr=False)


def pack_site(surroundings: Surroundings, path: Sequence[str] | None = None) -> bytes:
    """Return what a worker needs to know of a run. It has credentials in the clear: it goes into no file.

    Args:
        surroundings: the run.
        path: where workers import from beside what they have; as this process does unless given.

    Raises:
        CatalogError: an object that was given for a dataset cannot be pickled.
    """
    from mlflow_tmpl.catalog.portable import portable

    places = tuple([os.path.abspath(each) for each in (sys.path if path is None else path)])
    catalog = portable(surroundings.catalog, surroundings.datasets)
    try:
        packed = dumps(catalog)
    except Exception as error:
        objects = ", ".join(map(repr, catalog.objects))
        problem = (
            f"the objects for datasets {objects} cannot be sent to workers: {type(error).__name__}: {error}"
        )
        hint = "describe them as entries, or give --engine inline or threads"
        raise CatalogError(problem, hint=hint) from error
    return dumps(_Site(places, _loaded_sources(), packed))


def _loaded_sources() -> dict[str, str]:
    from mlflow_tmpl.planning.code.loaded import LOADED_SOURCE

    loaded = [(name, vars(module).get(LOADED_SOURCE)) for name, module in list(sys.modules.items()) if module]
    return {name: digest(source[1]) for name, source in loaded if source is not None}


def enter(site: bytes) -> Workplace:
    """Make this process, a worker, one of a run: what the driver can import can be imported here as well."""
    found: _Site = pickle.loads(site)
    sys.path[:] = [*found.path, *[each for each in sys.path if each not in found.path]]
    catalog: PortableCatalog = pickle.loads(found.catalog)
    return Workplace(catalog.open(), found.sources)


def pack_task(task: Task, values: Mapping[str, Any] | None = None, *, offers: bool = False) -> bytes:
    """Return a task as it travels.

    Args:
        task: what is to be done.
        values: what travels with it; all that it has in memory unless given.
        offers: whether the outcome has a bundle of values to be kept, which cannot travel by itself.

    Raises:
        NodeFailure: the function, or a value, cannot be pickled.
    """
    node, travels = task.node, task.values if values is None else values
    try:
        return dumps(
            PortableTask(
                node.name,
                _where(node),
                _pack_node(node),
                travels,
                [(argument, name) for argument, name, _ in task.loads],
                task.saves,
                task.keeps,
                task.recorded,
                task.offering if offers else None,
            )
        )
    except Exception as error:
        problem = f"it cannot be sent to a worker: {type(error).__name__}: {error}"
        hint = "run it with engine: inline or threads"
        raise NodeFailure(node, CannotTravel(problem, where=node.where, hint=hint), {}) from error


def unpack_task(packed: bytes) -> PortableTask:
    """Return a task that has travelled."""
    task: PortableTask = pickle.loads(packed)
    return task


def perform_portable(task: PortableTask, values: dict[str, Any], workplace: Workplace) -> Outcome:
    """Load what the node takes, call it, and save what it gives, in a worker.

    Args:
        task: what is to be done.
        values: argument to value, of what did not travel with the task; emptied, so that nothing outlives its use.
        workplace: the run.

    Raises:
        NodeFailure: any of it failed. It can be pickled.
    """
    node, given = _node_of(task, workplace.sources), {**task.values, **values}
    values.clear()
    loads = [(argument, name, "") for argument, name in task.loads]
    saves, keeps = task.saves, task.keeps
    return perform(
        Task(
            node,
            workplace.catalog,
            given,
            loads,
            saves,
            keeps,
            task.recorded,
            workplace.capture,
            (),
            task.offering,
        )
    )


def moved(task: Task, outcome: Outcome) -> tuple[str, ...]:
    """Return the inputs whose content is no longer what the decision was made on, asked in the driver.

    The driver has the hashes of files at hand; workers would have to make them.
    """
    if not task.recorded:
        return ()
    return tuple(
        name
        for _, name, expected in task.loads
        if expected and name in outcome.loaded and task.catalog.dataset(name).fingerprint() != expected
    )


def dumps(value: Any) -> bytes:
    """Pickle a value: functions and classes by reference where a worker can import them, else by value."""
    file = io.BytesIO()
    try:
        pickler(file, by_value=False).dump(value)
    except Exception:  # noqa: BLE001 (cloudpickle can do more, and says what it cannot)
        file = io.BytesIO()
        pickler(file, by_value=True).dump(value)
    return file.getvalue()


def pickler(
    file: IO[bytes], by_value: bool, take: Callable[[pickle.PickleBuffer], Any] | None = None
) -> pickle.Pickler:
    """Return what writes a value into a file.

    Args:
        file: gets the pickle.
        by_value: whether functions and classes that cannot be imported elsewhere are packed with their code; otherwise
            they are refused with `ByValueOnly`, and the rest goes five times as fast.
        take: is given buffers that need not be copied into the pickle, and says whether they are, after all.
    """
    made: pickle.Pickler
    if by_value:
        import cloudpickle

        made = cloudpickle.Pickler(file, 5, buffer_callback=take)
    else:
        made = _ByReference(file, 5, buffer_callback=take)
    if take is not None and "polars" in sys.modules:
        made.dispatch_table = table_with_polars(getattr(made, "dispatch_table", copyreg.dispatch_table))
    return made


class ByValueOnly(Exception):
    """A function or class that no other process can import."""


class _ByReference(pickle.Pickler):
    """The pickler of the standard library, for what other processes can import."""

    def reducer_override(self, value: Any) -> Any:
        """Give up at the first function or class of the main program, and of no module at all."""
        if isinstance(value, (FunctionType, type)) and getattr(value, "__module__", None) in _NOT_IMPORTED:
            raise ByValueOnly
        return NotImplemented


_NOT_IMPORTED = frozenset({"__main__", "__mp_main__", None})


_CHECKED, _SOUND = "", "sound"
"""Stands among the sources while all that are imported are as they were; no module has that name."""

_STAYS_BEHIND = frozenset({"options", "when", "tags"})
"""What of a node is of no interest where it runs."""


def _pack_node(node: Node) -> bytes:
    """Return a node as plain values: what has a class of its own takes ten times as long to pickle."""
    return dumps([getattr(node, slot) for slot in _travelling_slots()])


def _unpack_node(packed: bytes) -> Node:
    from mlflow_tmpl.pipeline import Node

    node, fill = object.__new__(Node), object.__setattr__
    for slot, value in zip(_travelling_slots(), pickle.loads(packed), strict=True):
        fill(node, slot, value)
    plain = _plain_node()
    for slot in _STAYS_BEHIND:
        fill(node, slot, getattr(plain, slot))
    return node


@cache
def _travelling_slots() -> tuple[str, ...]:
    from mlflow_tmpl.pipeline import Node

    return tuple(slot for slot in Node.__slots__ if slot not in _STAYS_BEHIND)


@cache
def _plain_node() -> Node:
    from mlflow_tmpl.pipeline import Node

    return Node(_nothing)


def _nothing() -> None: ...


def _where(node: Node) -> str:
    code = getattr(node.func, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""


def _node_of(task: PortableTask, sources: dict[str, str]) -> Node:
    from mlflow_tmpl.planning.code import distrusting_bytecode

    try:
        known = len(sys.modules)
        with distrusting_bytecode():
            node = _unpack_node(task.node)
        if len(sys.modules) != known or sources.get(_CHECKED) != _SOUND:
            _check_sources(sources)
    except BaseException as error:
        raise not_arrived(task.name, task.where, error) from error
    return node


def _check_sources(sources: dict[str, str]) -> None:
    """Refuse modules that were edited between their import in the driver and here: what runs is what was planned."""
    sources.pop(_CHECKED, None)
    for name in [name for name in sources if name in sys.modules]:
        loaded_from, file = sources.pop(name), getattr(sys.modules[name], "__file__", None)
        if file and os.path.exists(file) and digest_file(file) != loaded_from:
            sources[name] = loaded_from
            problem = f"module {name!r} was changed after the run had begun"
            raise NodeError(problem, where=place(file), hint="run again")
    sources[_CHECKED] = _SOUND


def not_arrived(name: str, where: str, error: BaseException) -> NodeFailure:
    """Return the failure of a node whose code a worker cannot load."""
    from mlflow_tmpl.pipeline import Node

    if not isinstance(error, NodeError):
        problem = f"a worker cannot load it: {type(error).__name__}: {error}"
        error = NodeError(problem, where=where, hint="workers import the modules that they need themselves")
    return NodeFailure(Node(_nothing, name=name), error, {})
