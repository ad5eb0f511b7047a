"""What a run gives back: what was done, and its outputs, loaded when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import DataError, UsageError, did_you_mean
from mlflow_tmpl.store.kept import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.failure import NodeFailure
    from mlflow_tmpl.engine.loop import Loop
    from mlflow_tmpl.engine.memory import Values
    from mlflow_tmpl.engine.way import Choice
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning import Action, Reason


@dataclass(frozen=True, slots=True)
class NodeRun:
    """What came of one node in one run.

    Attributes:
        name: of the node.
        action: what was decided in the end.
        status: a word of the ledger: ``done reused skipped blocked failed timed_out cancelled``.
        reasons: why it ran.
        duration_s: how long it ran; 0 if it did not.
        error: why it failed.
        attempt: how often it was called, counted from 1.
        engine: where it ran; empty if it did not.
    """

    name: str
    action: Action
    status: str
    reasons: tuple[Reason, ...]
    duration_s: float
    error: NodeFailure | None = None
    attempt: int = 1
    engine: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the node run as plain data."""
        plain: dict[str, Any] = {
            "name": self.name,
            "action": self.action.value,
            "status": self.status,
            "reasons": [reason.to_json() for reason in self.reasons],
            "duration_s": round(self.duration_s, 6),
            **({"engine": self.engine} if self.engine else {}),
            **({"attempt": self.attempt} if self.attempt > 1 else {}),
        }
        return {**plain, "error": self.error.to_json()} if self.error else plain


class RunResult:
    """What a run gives back; ``result["name"]`` loads an output when it is asked for.

    Attributes:
        id: of the run in the ledger.
        status: ``done``, ``failed`` or ``cancelled``.
        nodes: what came of each node, in the order of the pipeline.
        duration_s: how long the run took.
        outputs: names of the datasets that can be asked for.
        final: those of them that no node of the run takes.
        engine: where nodes ran that name no engine of their own.
        engine_reason: why, if it was not asked for by name.
        stored: those of them in memory that an earlier run has kept; they are read when they are asked for.
        notes: sentences about what a user wants to know beyond that.
    """

    def __init__(
        self,
        run_id: str,
        status: str,
        nodes: tuple[NodeRun, ...],
        duration_s: float,
        values: Mapping[str, Any],
        saved: tuple[str, ...],
        final: tuple[str, ...],
        catalog: Catalog,
        notes: tuple[str, ...] = (),
        kept: Mapping[str, Callable[[], Any]] | None = None,
        choice: Choice | None = None,
    ) -> None:
        self.id = run_id
        self.status = status
        self.nodes = nodes
        self.duration_s = duration_s
        self.notes = notes
        self.engine, self.engine_reason = (choice.engine, choice.why) if choice is not None else ("", "")
        self._kept = dict(kept or {})
        self.stored = frozenset(self._kept)
        known = dict.fromkeys([*saved, *values, *self._kept])
        self.outputs: tuple[str, ...] = tuple(known)
        self.final = tuple([name for name in final if name in known])
        self._values = dict(values)
        self._catalog = catalog
        self.read_metrics: Callable[[], Mapping[str, float]] = dict

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics that the run made or reused, by name; empty for a run that nobody recorded."""
        return self.read_metrics()

    def in_memory(self, name: str) -> bool:
        """Tell whether an output is a value that is saved in no file."""
        return self._catalog.is_memory(name)

    def __getitem__(self, name: str) -> Any:
        """Return an output: a value in memory as the node gave it, anything else as loading it gives it.

        Raises:
            UsageError: the pipeline has no such output, or the value was let go after its last taker.
            DataError: the value was kept by an earlier run, and what was kept was damaged or removed since.
        """
        if name in self._kept:
            self._values[name] = self._from_store(name)
            del self._kept[name]
        if name in self._values:
            return self._values[name]
        if name in self.outputs:
            return self._catalog.load(name)
        raise UsageError(
            f"{name!r} is no output of this run",
            hint=did_you_mean(name, self.outputs)
            or f"it gave {', '.join(self.outputs) or 'none'}; a value that other nodes take is let go "
            "after the last one, unless the catalog saves it",
        )

    def _from_store(self, name: str) -> Any:
        try:
            return self._kept[name]()
        except Lost as error:
            raise DataError(
                f"{name!r} was kept in the store, and can no longer be read",
                hint="run again: it is then made anew",
            ) from error

    def __repr__(self) -> str:
        return f"<RunResult {self.id} {self.status}: {', '.join(self.outputs)}>"


_GIVES = frozenset({"done", "reused"})
"""Statuses of nodes whose saved outputs are those of this run; behind any other lies what an earlier one left."""


def result_of(
    run_id: str,
    pipeline: Pipeline,
    catalog: Catalog,
    loop: Loop,
    values: Values,
    duration_s: float,
    notes: tuple[str, ...] = (),
    kept: Mapping[str, Callable[[], Any]] | None = None,
) -> RunResult:
    """Return what a run gives back.

    Raises:
        NodeFailure: the first node that failed; its `result` has what came of all.
    """
    left = {name: values[name] for name in pipeline.outputs if name in values}
    ended = zip(pipeline.nodes, loop.nodes, strict=True)
    given = [node for node, each in ended if each.status in _GIVES and not node.item]
    saved = tuple(name for node in given for name in node.outputs if not catalog.is_memory(name))
    status = "failed" if loop.failures else "done"
    result = RunResult(
        run_id,
        status,
        loop.nodes,
        duration_s,
        left,
        saved,
        pipeline.outputs,
        catalog,
        notes,
        kept,
        loop.way.choice if loop.way is not None else None,
    )
    if loop.failures:
        loop.failures[0].result = result
        raise loop.failures[0]
    return result
