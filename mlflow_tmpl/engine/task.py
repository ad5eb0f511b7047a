"""One call of a node: what an executor performs somewhere."""

from __future__ import annotations

from dataclasses import field
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.engine.failure import NodeFailure, shapes_of
from mlflow_tmpl.engine.metrics import metrics_in
from mlflow_tmpl.engine.shapes import rows_of, shape_of
from mlflow_tmpl.engine.usage import METER, Usage
from mlflow_tmpl.errors import NodeError
from mlflow_tmpl.pipeline.signature import is_generator_function
from mlflow_tmpl.store.kept import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.capture import Capture, Said
    from mlflow_tmpl.engine.metrics import Metric
    from mlflow_tmpl.engine.offering import Offering
    from mlflow_tmpl.pipeline import Node
    from mlflow_tmpl.store.keeping import Bundle


@dataclass(slots=True)
class Task:
    """A node, and how to come by its arguments and what to do with its outputs.

    Attributes:
        node: the node.
        catalog: where datasets are loaded from and saved to.
        values: argument to value, for what is in memory; emptied by the call, so that nothing outlives its use.
        loads: ``(argument, dataset, fingerprint that it had when the node was decided)``.
        saves: outputs to save.
        keeps: outputs to hand back in memory.
        recorded: whether the content of what was saved is fingerprinted.
        capture: keeps what the node prints; ``None`` keeps nothing.
        kept: ``(argument, how to read it)`` of the values in memory that the store has.
        offering: what is needed to keep the values that it makes; ``None`` if they are not to be.
        spent: arguments whose value nobody takes after this call, nor another attempt at it.
        stays: outputs kept in memory that one node takes and no more.
        alone: whether nothing runs beside it, and nothing else can start before it has ended.
    """

    node: Node
    catalog: Catalog
    values: dict[str, Any]
    loads: Sequence[tuple[str, str, str]] = ()
    saves: Sequence[str] = ()
    keeps: Sequence[str] = ()
    recorded: bool = False
    capture: Capture | None = None
    kept: Sequence[tuple[str, Callable[[], Any]]] = ()
    offering: Offering | None = None
    spent: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    alone: bool = False


class ValuesLost(Exception):
    """Values that were to be read from the store cannot be; the node was not called.

    Attributes:
        values: the arguments that the task had been given.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__("what was kept cannot be read")
        self.values = values


@dataclass(frozen=True, slots=True)
class Saved:
    """What is known of a dataset's content.

    Attributes:
        fingerprint: of the content; empty if it cannot be told.
        rows: of a table; ``None`` for anything else.
        metrics: the numbers in it, if its role is to hold metrics.
    """

    fingerprint: str
    rows: int | None
    metrics: tuple[Metric, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What a task has given.

    Attributes:
        values: output to value, of those that were to be kept.
        saved: output to what is known of it, of those that were saved.
        loaded: input to its rows, of those that were loaded.
        moved: inputs whose content was no longer what the decision was made on.
        unused: type of what a node without outputs returned.
        started_at: seconds since the epoch.
        duration_s: seconds that loading, calling and saving took.
        log: what the node printed and logged.
        bundle: values to be kept.
        unkept: why values that were to be kept ``always`` cannot be.
        usage: what the node took of its process, if the run is recorded.
    """

    values: dict[str, Any]
    saved: dict[str, Saved] = field(default_factory=dict)
    loaded: dict[str, int | None] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    unused: str = ""
    started_at: float = 0.0
    duration_s: float = 0.0
    log: tuple[Said, ...] = ()
    bundle: Bundle | None = None
    unkept: str = ""
    usage: Usage = Usage()


def perform(task: Task) -> Outcome:
    """Load what the node takes, call it, and save what it gives.

    Raises:
        NodeFailure: any of it failed.
        ValuesLost: a value that was kept cannot be read.
    """
    if not task.recorded:
        return _heard(task)
    reading = METER.begin()
    try:
        outcome = _heard(task)
    except NodeFailure as failure:
        failure.usage = METER.end(reading)
        raise
    except BaseException:
        METER.end(reading)
        raise
    outcome.usage = METER.end(reading)
    return outcome


def _heard(task: Task) -> Outcome:
    """Perform a task, and keep what the node says."""
    if task.capture is None:
        return _perform(task)
    with task.capture.of_node(task.node.name) as log:
        try:
            outcome = _perform(task)
        except NodeFailure as failure:
            failure.log = log.said()
            raise
        outcome.log = log.said()
        return outcome


def _perform(task: Task) -> Outcome:
    started_at, start = time(), perf_counter()
    outcome = Outcome({})
    called_with: Mapping[str, str] = {}
    try:
        if task.kept:
            _read_kept(task)
        if task.loads:
            _load(task, outcome)
        try:
            returned = _call(task.node, task.values)
        except BaseException:
            called_with = shapes_of(task.values)
            raise
        task.values.clear()
        outcome.values = _named(task.node, returned, outcome)
        del returned
        for name, value in outcome.values.items():
            if name not in task.saves:
                outcome.values[name] = task.catalog.fit(name, value)
        if task.offering is not None:
            made = perf_counter()
            outcome.bundle, outcome.unkept = task.offering.offer(outcome.values, made - start)
            start += perf_counter() - made
        if task.saves:
            _save(task, outcome)
        if len(outcome.values) != len(task.keeps):
            outcome.values = {name: outcome.values[name] for name in task.keeps}
    except (KeyboardInterrupt, ValuesLost):
        raise
    except BaseException as error:
        # Also SystemExit and what async libraries and test tools raise: a node's way to fail, not the run's to end.
        task.values.clear()
        mask = task.catalog.known_secrets.mask
        raise NodeFailure(task.node, error, called_with, perf_counter() - start, mask) from error
    outcome.started_at = started_at
    outcome.duration_s = perf_counter() - start
    return outcome


def _read_kept(task: Task) -> None:
    try:
        read = {argument: load() for argument, load in task.kept}
    except Lost as lost:
        raise ValuesLost(task.values) from lost
    task.values.update(read)


def _load(task: Task, outcome: Outcome) -> None:
    moved = []
    for argument, name, expected in task.loads:
        value = task.values[argument] = task.catalog.load(name)
        outcome.loaded[name] = rows_of(value)
        if task.recorded and expected and task.catalog.dataset(name).fingerprint() != expected:
            moved.append(name)
    outcome.moved = tuple(moved)


def _call(node: Node, values: dict[str, Any]) -> Any:
    if node.positional:
        given = [values[argument] for argument in node.positional if argument in values]
        named = {argument: value for argument, value in values.items() if argument not in node.positional}
        return node.func(*given, **named)
    return node.func(**values)


def _named(node: Node, returned: Any, outcome: Outcome) -> dict[str, Any]:
    """Return output name to value, having checked that the function gave what the node declares."""
    if not node.outputs:
        if returned is not None:
            outcome.unused = shape_of(returned)
        return {}
    if returned is None:
        raise _mismatch(node, "None", "return the value, or declare no outputs")
    if not node.several:
        return {node.outputs[0]: returned}
    if node.returned_keys is not None:
        return _by_key(node, node.returned_keys, returned)
    if not isinstance(returned, (tuple, list)):
        raise _mismatch(node, shape_of(returned), f"return a tuple of {len(node.outputs)} values")
    if len(returned) != len(node.outputs):
        shown = ", ".join(shape_of(value) for value in returned[:6])
        raise _mismatch(node, f"{len(returned)} values ({shown})", f"return {len(node.outputs)} values")
    return dict(zip(node.outputs, returned, strict=True))


def _by_key(node: Node, keys: Sequence[str], returned: Any) -> dict[str, Any]:
    if not isinstance(returned, dict) or set(returned) != set(keys):
        shown = f"keys {', '.join(map(repr, returned))}" if isinstance(returned, dict) else shape_of(returned)
        raise _mismatch(node, shown, f"return a dict with the keys {', '.join(map(repr, keys))}")
    return {name: returned[key] for name, key in zip(node.outputs, keys, strict=True)}


def _mismatch(node: Node, returned: str, hint: str) -> NodeError:
    declared = ", ".join(map(repr, node.outputs))
    count = f"{len(node.outputs)} outputs" if len(node.outputs) > 1 else "output"
    return NodeError(f"it declares {count} {declared} and returned {returned}", where=node.where, hint=hint)


def _save(task: Task, outcome: Outcome) -> None:
    streams = is_generator_function(task.node.func)
    for name in task.saves:
        value = outcome.values.pop(name)
        fingerprint = task.catalog.put(name, value, chunks=streams, hashed=task.recorded)
        metrics = metrics_in(value) if task.catalog.role(name) == "metrics" else ()
        outcome.saved[name] = Saved(fingerprint, rows_of(value), metrics)
