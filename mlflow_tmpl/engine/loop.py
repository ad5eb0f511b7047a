"""The one loop that runs every engine: it knows what is ready and what came of it, an executor knows where to call."""

from __future__ import annotations

from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter, time
from typing import TYPE_CHECKING

from mlflow_tmpl.engine.again import Again
from mlflow_tmpl.engine.attempts import Attempts, TimedOut
from mlflow_tmpl.engine.events import NodeFinished, NodeStarted
from mlflow_tmpl.engine.failure import CannotTravel, NodeFailure
from mlflow_tmpl.engine.handles import ValueGone
from mlflow_tmpl.engine.machine import Machine
from mlflow_tmpl.engine.ready import Ready
from mlflow_tmpl.engine.result import NodeRun
from mlflow_tmpl.engine.task import ValuesLost
from mlflow_tmpl.engine.tasks import Tasks
from mlflow_tmpl.engine.timers import Timers
from mlflow_tmpl.errors import DataError, MloError
from mlflow_tmpl.planning import Action
from mlflow_tmpl.planning.frontier import Frontier, Verdict
from mlflow_tmpl.store.kept import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.capture import Capture
    from mlflow_tmpl.engine.decisions import Decisions
    from mlflow_tmpl.engine.engines import Engines
    from mlflow_tmpl.engine.events import Event
    from mlflow_tmpl.engine.executor import Executor, Future
    from mlflow_tmpl.engine.memory import Values
    from mlflow_tmpl.engine.task import Outcome
    from mlflow_tmpl.engine.timers import Timer
    from mlflow_tmpl.engine.way import Way
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning import BoundParameter, Step
    from mlflow_tmpl.store.keeping import Keeper

_WAKE_S = 0.2
"""How long a wait may last where a signal does not end it (Windows)."""

LOST = frozenset({"failed", "timed_out", "blocked"})
"""Statuses of nodes that leave those blocked which need them."""


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
        way: in which order ready nodes start, and what they take a part of; as in the pipeline if not given.
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
        way: Way | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._decisions = decisions
        self._values = values
        self._emit = emit
        self._keep_going = keep_going
        self.way = way
        self._capture = capture
        self._tasks = Tasks(
            pipeline,
            catalog,
            parameters,
            decisions,
            demands,
            values,
            recorded=emit is not None,
            keeper=keeper,
            capture=capture,
        )
        self._in_memory = self._tasks.in_memory
        self._stopping = False
        self._finished: SimpleQueue[Future] = SimpleQueue()
        self._under_way: dict[Future, int] = {}
        self._timers = Timers()
        self._deadlines: dict[int, Timer] = {}
        self._out_of_time: set[int] = set()
        self._unfolded: dict[int, float] = {}
        self._attempts = Attempts()
        self._ended: list[NodeRun | None] = [None] * len(pipeline)
        self.failures: list[NodeFailure] = []
        self._frontier = Frontier(
            pipeline.needs,
            pipeline.feeds,
            demands,
            self._decide,
            lambda taker, maker: decisions.is_held(maker, demands[taker][maker]),
        )
        self._again = Again(pipeline, values, self._in_memory, self._frontier)

    def run(self, engines: Engines) -> None:
        """Run until nothing is left that can be run.

        Raises:
            BaseException: what interrupted it; what was under way then counts as cancelled.
        """
        machine, ranks = (self.way.machine, self.way.ranks) if self.way else (Machine(), None)
        self._ready = Ready(self._pipeline, engines, machine, ranks)
        try:
            self._frontier.start()
            while True:
                self._start_ready()
                if not self._under_way and (self._stopping or not self._timers):
                    break
                future = self._next()
                if future is not None:
                    self._finish(self._under_way.pop(future), future)
            self._values.settle(self._pipeline.outputs)
        except BaseException:
            try:
                self._finish_rest()
            finally:
                engines.close(cancel=True)
                self._close("cancelled")
            raise
        engines.close(cancel=False)
        self._close("skipped")

    @property
    def nodes(self) -> tuple[NodeRun, ...]:
        """What came of each node, once the loop has ended."""
        return tuple([ended for ended in self._ended if ended is not None])

    def _next(self) -> Future | None:
        """Wait for a task to end, or do what is due before that.

        It wakes now and then: on Windows a signal does not end a wait.
        """
        while True:
            wait_s = self._timers.next_in()
            if wait_s == 0.0:
                self._timers.run_due()
                return None
            try:
                return self._finished.get(timeout=_WAKE_S if wait_s is None else min(_WAKE_S, wait_s))
            except Empty:
                continue

    def _decide(self, position: int) -> Verdict:
        try:
            verdict = self._decisions.decide(position)
        except MloError as error:  # in a condition, or of a file that was damaged since
            self._give_up(position, NodeFailure(self._pipeline.nodes[position], error, {}))
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

    def _start_ready(self) -> None:
        """Start all that can start and that there is room for."""
        frontier, ready = self._frontier, self._ready
        while not self._stopping:
            while frontier.ready:
                position = frontier.pop()
                if self._pipeline.nodes[position].over and position not in self._unfolded:
                    self._unfold(position)
                else:
                    ready.put(position)
            taken = ready.take()
            if taken is None:
                return
            self._start(*taken)

    def _start(self, position: int, executor: Executor) -> None:
        node, again = self._pipeline.nodes[position], position in self._again
        if self._again.happened and self._again.lacks(position):
            self._ready.give_back(position)
            self._wait_again(position)
            return
        if not again and position not in self._unfolded:
            self._tell_start(position)
        try:
            task = self._tasks.make(position, remote=executor.remote, saving=not again)
        except DataError as error:  # a value that cannot be copied for this taker
            self._ready.give_back(position)
            self._give_up(position, NodeFailure(node, error, {}))
            return
        except ValuesLost:
            self._ready.give_back(position)
            self._wait_again(position)
            return
        task.alone = not (self._under_way or self._ready or self._timers)
        future = executor.submit(task)
        self._under_way[future] = position
        if node.options.timeout_s is not None and executor.can_kill:
            call = partial(self._kill, position, future, executor)
            self._deadlines[position] = self._timers.set(node.options.timeout_s, call)
        future.add_done_callback(self._finished.put)

    def _tell_start(self, position: int) -> None:
        if self._emit is not None:
            step, attempt = self._decisions.step(position, self._frontier), self._attempts.number(position)
            engine = self._ready.engine_of(position)
            self._emit(NodeStarted(step, time(), attempt, engine))

    def _unfold(self, position: int) -> None:
        """Have the items of a map node run, now that they are known; then it runs to collect what they give."""
        self._tell_start(position)
        self._unfolded[position] = perf_counter()
        try:
            names, values = self._tasks.items(position)
        except MloError as error:
            self._give_up(position, NodeFailure(self._pipeline.nodes[position], error, {}))
            return
        except (Lost, ValueGone):
            del self._unfolded[position]
            self._wait_again(position)
            return
        items = self._decisions.unfold(position, names)
        self._ready.unfold(position, items)
        self._ended.extend([None] * len(items))
        self._again.unfold(position, items, self._tasks.unfold(position, items, names, values))
        self._frontier.unfold(position, items)

    def _kill(self, position: int, future: Future, executor: Executor) -> None:
        if future in self._under_way:
            self._out_of_time.add(position)
            executor.kill(future)

    def _finish(self, position: int, future: Future) -> None:
        self._ready.give_back(position)
        if position in self._deadlines:
            self._timers.cancel(self._deadlines.pop(position))
        try:
            outcome = future.result()
        except NodeFailure as failure:
            self._fail(position, failure)
            return
        except ValuesLost as lost:
            self._tasks.put_back(position, lost.values)
            self._wait_again(position)
            return
        self._tasks.let_go(position)
        self._values.put(outcome.values)
        if position in self._again:
            self._again.done(position)
        elif self._emit is None:
            self._end(position, "done", outcome=outcome)
        else:
            saved = {name: known.fingerprint for name, known in outcome.saved.items()}
            made = self._decisions.finished(position, saved, sure=not outcome.moved)
            self._tasks.keep(position, outcome)
            self._end(position, "done", outcome=outcome, fingerprints=made)
        self._frontier.complete(position)

    def _wait_again(self, position: int) -> None:
        """Let a node wait for values that were there and are no more."""
        self._again.make(position)
        self._frontier.lack(position)

    def _fail(self, position: int, failure: NodeFailure) -> None:
        """Have a node that failed called again, or give it up."""
        if self._can_come_home(position, failure):
            self._tasks.put_back(position, {})
            self._ready.bring_home(position)
            self._ready.put(position)
            return
        node, status = self._pipeline.nodes[position], "failed"
        if position in self._out_of_time:
            self._out_of_time.discard(position)
            log = failure.log
            failure = NodeFailure(node, TimedOut(node), failure.values, node.options.timeout_s or 0.0)
            failure.log, status = log, "timed_out"
        wait_s = None if self._stopping else self._attempts.wait_s(position, node, failure)
        if wait_s is not None:
            self._end(position, "retried", error=failure, wait_s=wait_s)
            self._attempts.failed(position)
            self._timers.set(wait_s, partial(self._ready.put, position))
            return
        self._give_up(position, failure, status)

    def _can_come_home(self, position: int, failure: NodeFailure) -> bool:
        """Tell whether a node is to run in this process, as workers, which nobody asked for, cannot do with it."""
        picked = self.way is not None and self.way.choice.why and not self._stopping
        elsewhere = self._ready.engine_of(position) == "processes"
        return bool(picked and elsewhere and failure.kind == CannotTravel.__name__) and not (
            self._pipeline.nodes[position].options.engine or position >= len(self._pipeline)
        )

    def _give_up(self, position: int, failure: NodeFailure, status: str = "failed") -> None:
        self._tasks.let_go(position)
        self.failures.append(failure)
        self._stopping = not self._keep_going
        self._end(position, status, error=failure)

    def _finish_rest(self) -> None:
        """Record what ended before the interruption and was not looked at yet, so that it need not run again."""
        while not self._finished.empty():
            future = self._finished.get()
            if future in self._under_way:
                self._finish(self._under_way.pop(future), future)

    def _end(
        self,
        position: int,
        status: str,
        *,
        outcome: Outcome | None = None,
        fingerprints: Mapping[str, str] | None = None,
        error: NodeFailure | None = None,
        wait_s: float = 0.0,
        step: Step | None = None,
    ) -> None:
        """Say what came of a node, or of an attempt at it that another one follows."""
        step = step or self._decisions.step(position, self._frontier)
        ran = outcome or error
        capture = self._capture if status == "cancelled" else None
        left_after_s, cut_off = capture.cut_off(step.node.name) if capture is not None else (0.0, ())
        duration_s = ran.duration_s if ran else left_after_s
        if outcome and position in self._unfolded:
            duration_s = perf_counter() - self._unfolded[position]  # with all its items
        engine = self._ready.engine_of(position) if ran else ""
        attempt = self._attempts.number(position)
        if status != "retried":
            ended = NodeRun(
                step.node.name, step.action, status, step.reasons, duration_s, error, attempt, engine
            )
            self._ended[position] = ended
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
                attempt,
                engine,
                wait_s,
                cut_off,
            )
        )

    def _close(self, unfinished: str) -> None:
        """Say of every node that has not come to an end what became of it."""
        for position, ended in enumerate(self._ended):
            if ended is not None:
                continue
            due = self._frontier.demanded[position] or not self._frontier.decided[position]
            if not due:
                step = self._decisions.step(position, self._frontier)
                self._end(position, "reused" if step.action is Action.REUSE else "skipped", step=step)
                continue
            needs = [self._ended[need] for need in self._pipeline.needs[position]]
            blocked = any(need is not None and need.status in LOST for need in needs)
            self._end(position, "blocked" if blocked else unfinished)
