"""The one loop that runs every engine: it knows what is ready and what came of it, an executor knows where to call."""

from __future__ import annotations

from functools import partial
from queue import SimpleQueue
from time import time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.events import NodeFinished, NodeStarted
from mlflow_tmpl.engine.failure import NodeFailure
from mlflow_tmpl.engine.offering import Costs, Offering
from mlflow_tmpl.engine.result import NodeRun
from mlflow_tmpl.engine.task import Task, ValuesLost
from mlflow_tmpl.errors import DataError, MloError
from mlflow_tmpl.pipeline.names import is_parameter
from mlflow_tmpl.planning import Action
from mlflow_tmpl.planning.frontier import Frontier, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.capture import Capture
    from mlflow_tmpl.engine.decisions import Decisions
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.engine.executor import Executor, Future
    from mlflow_tmpl.engine.memory import Values
    from mlflow_tmpl.engine.task import Outcome
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning import BoundParameter
    from mlflow_tmpl.store.keeping import Keeper

_WAKE_S = 0.2
"""How long a wait may last where a signal does not end it (Windows)."""


class Loop:
    """Runs the nodes of a pipeline, each once its inputs are there.

    Args:
        pipeline: the nodes.
        catalog: their datasets.
        parameters: for each node the parameters that it takes.
        decisions: what is done about each node.
        demands: for each node the nodes that give it values in memory, and which.
        values: what lives in memory.
        emit: is told what happens; ``None`` if nobody listens.
        keeper: keeps values that take long to make; ``None`` if none are kept.
        keep_going: whether a failure leaves alone what does not depend on it.
        capture: keeps what nodes print.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        parameters: Sequence[Mapping[str, BoundParameter]] | None,
        decisions: Decisions,
        demands: Sequence[Mapping[int, Sequence[str]]],
        values: Values,
        emit: Callable[[Event], None] | None,
        *,
        keeper: Keeper | None = None,
        keep_going: bool = False,
        capture: Capture | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._catalog = catalog
        self._parameters = parameters
        self._decisions = decisions
        self._values = values
        self._emit = emit
        self._keep_going = keep_going
        self._capture = capture
        self._keeper = keeper
        self._costs = Costs(demands)
        self._stopping = False
        self._in_memory = {name: catalog.is_memory(name) for name in pipeline.datasets}
        self._ended: list[NodeRun | None] = [None] * len(pipeline)
        self.failures: list[NodeFailure] = []
        self._frontier = Frontier(
            pipeline.needs,
            pipeline.feeds,
            demands,
            self._decide,
            lambda taker, maker: decisions.is_held(maker, demands[taker][maker]),
        )

    def run(self, executor: Executor) -> None:
        """Run until nothing is left that can be run.

        Raises:
            BaseException: what interrupted it; what was under way then counts as cancelled.
        """
        finished: SimpleQueue[Future] = SimpleQueue()
        under_way: dict[Future, int] = {}
        frontier = self._frontier
        try:
            frontier.start()
            while True:
                while frontier.ready and len(under_way) < executor.slots and not self._stopping:
                    position = frontier.pop()
                    try:
                        task = self._task(position)
                    except DataError as error:  # a value that cannot be copied for this taker
                        self._fail(position, NodeFailure(self._pipeline.nodes[position], error, {}))
                        continue
                    future = executor.submit(task)
                    under_way[future] = position
                    future.add_done_callback(finished.put)
                if not under_way:
                    break
                future = _next(finished)
                self._finish(under_way.pop(future), future)
        except BaseException:
            try:
                self._finish_rest(finished, under_way)
            finally:
                executor.close(cancel=True)
                self._close("cancelled")
            raise
        executor.close(cancel=False)
        self._close("skipped")

    @property
    def nodes(self) -> tuple[NodeRun, ...]:
        """What came of each node, once the loop has ended."""
        return tuple([ended for ended in self._ended if ended is not None])

    def _decide(self, position: int) -> Verdict:
        try:
            verdict = self._decisions.decide(position)
        except MloError as error:  # in a condition, or of a file that was damaged since
            self._fail(position, NodeFailure(self._pipeline.nodes[position], error, {}))
            return Verdict.HALT
        node = self._pipeline.nodes[position]
        if verdict is Verdict.OMIT:
            self._values.release(node)
            self._end(position, "skipped")
            return verdict
        for name in node.when.datasets if node.when is not None else ():
            self._values.pass_by(name)
        if verdict is Verdict.REUSE and not any(self._in_memory[name] for name in node.outputs):
            self._values.release(node)
            self._end(position, "reused")
        return verdict

    def _task(self, position: int) -> Task:
        node = self._pipeline.nodes[position]
        if self._emit is not None:
            self._emit(NodeStarted(self._decisions.step(position, self._frontier), time()))
        values: dict[str, Any] = {}
        loads: list[tuple[str, str, str]] = []
        kept: list[tuple[str, Callable[[], Any]]] = []
        for argument, name in node.inputs.items():
            if is_parameter(name):
                bound = self._parameters[position].get(argument) if self._parameters else None
                if bound is not None:
                    values[argument] = bound.value
            elif self._decisions.is_left_out(name):
                continue
            elif self._in_memory[name] and (self._keeper is None or name in self._values):
                values[argument] = self._values.take(name)
            elif self._in_memory[name]:
                assert self._keeper is not None
                kept.append((argument, partial(self._keeper.kept.load, self._decisions.expected(name))))
                self._values.pass_by(name)
            else:
                loads.append((argument, name, self._decisions.expected(name)))
        keeps = [name for name in node.outputs if self._in_memory[name]]
        saves = [name for name in node.outputs if not self._in_memory[name]]
        if saves and self._decisions.standing(position) is not None:
            saves = []
        recorded, offering = self._emit is not None, self._offering(position, keeps)
        return Task(node, self._catalog, values, loads, saves, keeps, recorded, self._capture, kept, offering)

    def _offering(self, position: int, outputs: Sequence[str]) -> Offering | None:
        """Return what a task needs to offer values; ``None`` where nothing tells what they are the values of."""
        if self._keeper is None or not outputs or self._decisions.parts(position) is None:
            return None
        options = self._pipeline.nodes[position].options
        modes = {name: self._catalog.keep_mode(name) or options.keep for name in outputs}
        return Offering(self._keeper, modes, self._costs.above(position)) if options.reuse else None

    def _finish(self, position: int, future: Future) -> None:
        try:
            outcome = future.result()
        except NodeFailure as failure:
            self._fail(position, failure)
            return
        except ValuesLost as lost:
            self._wait_again(position, lost.values)
            return
        self._values.put(outcome.values)
        if self._emit is None:
            self._end(position, "done", outcome=outcome)
        else:
            saved = {name: known.fingerprint for name, known in outcome.saved.items()}
            made = self._decisions.finished(position, saved, sure=not outcome.moved)
            self._keep(position, outcome)
            self._end(position, "done", outcome=outcome, fingerprints=made)
        self._frontier.complete(position)

    def _keep(self, position: int, outcome: Outcome) -> None:
        """Hand on what a node has offered, if what it was made from is what its key says."""
        bundle, outcome.bundle, kept = outcome.bundle, None, False
        keeper = self._keeper
        sure = self._decisions.parts(position) is not None and not outcome.moved
        if keeper is not None and sure and (bundle is not None or keeper.kept.rows):
            outputs = filter(self._in_memory.__getitem__, self._pipeline.nodes[position].outputs)
            kept = keeper.keep({name: self._decisions.expected(name) for name in outputs}, bundle)
        self._costs.ran(position, outcome.duration_s, kept=kept)

    def _wait_again(self, position: int, given: Mapping[str, Any]) -> None:
        """Let a node wait for values that the store had and has no more; what it was given is put back."""
        for argument, name in self._pipeline.nodes[position].inputs.items():
            if not is_parameter(name) and self._in_memory[name]:
                if argument in given:
                    self._values.put({name: given[argument]})
                self._values.take_back(name)
        self._frontier.lack(position)

    def _fail(self, position: int, failure: NodeFailure) -> None:
        self.failures.append(failure)
        self._stopping = not self._keep_going
        self._end(position, "failed", error=failure)

    def _finish_rest(self, finished: SimpleQueue[Future], under_way: dict[Future, int]) -> None:
        """Record what ended before the interruption and was not looked at yet, so that it need not run again."""
        while not finished.empty():
            future = finished.get()
            if future in under_way:
                self._finish(under_way.pop(future), future)

    def _end(
        self,
        position: int,
        status: str,
        *,
        outcome: Outcome | None = None,
        fingerprints: Mapping[str, str] | None = None,
        error: NodeFailure | None = None,
    ) -> None:
        step = self._decisions.step(position, self._frontier)
        duration_s = outcome.duration_s if outcome else error.duration_s if error else 0.0
        self._ended[position] = NodeRun(step.node.name, step.action, status, step.reasons, duration_s, error)
        if self._emit is None:
            return
        standing = self._decisions.standing(position)
        self._emit(
            NodeFinished(
                step,
                status,
                time(),
                duration_s,
                self._decisions.parts(position) if outcome else None,
                outcome,
                fingerprints if outcome else standing.outputs if standing else None,
                standing.id if standing else "",
                error,
            )
        )

    def _close(self, unfinished: str) -> None:
        """Say of every node that has not come to an end what became of it."""
        lost = {"failed", "blocked"}
        for position, ended in enumerate(self._ended):
            if ended is not None:
                continue
            due = self._frontier.demanded[position] or not self._frontier.decided[position]
            if not due:
                reused = self._decisions.step(position, self._frontier).action is Action.REUSE
                self._end(position, "reused" if reused else "skipped")
                continue
            needs = [self._ended[need] for need in self._pipeline.needs[position]]
            blocked = any(need is not None and need.status in lost for need in needs)
            self._end(position, "blocked" if blocked else unfinished)


def _next(finished: SimpleQueue[Future]) -> Future:
    """Wait for a task to end, waking now and then: on Windows a signal does not end a wait."""
    from queue import Empty

    while True:
        try:
            return finished.get(timeout=_WAKE_S)
        except Empty:
            continue
