"""The processes engine: what follows runs where its input is, and the driver moves names, not frames."""

from __future__ import annotations

import os
import pickle
import sys
from collections import deque
from contextlib import suppress
from itertools import count
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.capture import Capture, NodeLog
from mlflow_tmpl.engine.failure import CannotTravel, NodeFailure
from mlflow_tmpl.engine.handles import Handle, ValueGone
from mlflow_tmpl.engine.machine import cpus
from mlflow_tmpl.engine.portable import moved, pack_site, pack_task
from mlflow_tmpl.engine.processes import files
from mlflow_tmpl.engine.processes.folder import Folder
from mlflow_tmpl.engine.processes.held import GONE, Held, put_out
from mlflow_tmpl.engine.processes.job import Job
from mlflow_tmpl.engine.processes.order import Order
from mlflow_tmpl.engine.processes.pictures import bundle_of, fetch_rest
from mlflow_tmpl.engine.processes.process import WorkerProcess, told_end
from mlflow_tmpl.engine.processes.staff import Staff
from mlflow_tmpl.engine.task import Outcome, ValuesLost
from mlflow_tmpl.errors import NodeError
from mlflow_tmpl.pipeline.names import is_parameter
from mlflow_tmpl.store.kept import Lost
from mlflow_tmpl.store.packing import Packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.engine.executor import Future
    from mlflow_tmpl.engine.processes.order import Place
    from mlflow_tmpl.engine.processes.promise import Promise
    from mlflow_tmpl.engine.surroundings import Surroundings
from mlflow_tmpl.engine.task import Task

_TRAVELS = frozenset({type(None), bool, int, float, complex})
"""Kinds of values that need no place of their own."""

_ELSEWHERE = "run the node with engine: inline or threads"


class WorkerDied(NodeError):
    """A worker process that ended under its node."""


class ProcessesExecutor:
    """Performs tasks in processes of this machine, each started when there is a task that no other has time for.

    Args:
        surroundings: the run.
    """

    remote = True
    can_kill = True
    blocks = False
    seats = False

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._site = pack_site(surroundings)
        self._folder = Folder(surroundings.memory_bytes)
        self._lock = RLock()
        self._numbers = count()
        self._staff = Staff(surroundings.jobs or cpus(), self._hired)
        self._jobs: dict[Future, Job] = {}
        self._put: dict[int, tuple[Any, Held]] = {}
        self._cancelled = False

    def submit(self, task: Task) -> Promise:
        """Start a task where most of what it takes is, as far as there is room."""
        number = next(self._numbers)
        try:
            job = self._job(number, task)
        except (NodeFailure, ValuesLost) as error:
            job = Job(number, task, b"", {}, [])
            job.future.set_exception(error)
            return job.future
        with self._lock:
            if job.is_lost:
                job.future.set_exception(ValuesLost({}))
                return job.future
            self._jobs[job.future] = job
            job.future.add_done_callback(self._jobs.pop)
            self._find_place(job)
        return job.future

    @property
    def slots(self) -> int:
        """How many tasks it takes at a time."""
        return self._staff.slots

    def _find_place(self, job: Job) -> None:
        """Have a task performed by whom it suits best."""
        try:
            worker = self._staff.choose(job)
        except OSError as error:  # out of memory, or of processes
            told = WorkerDied(f"no worker process can be started: {error}", where=job.task.node.where)
            job.future.set_exception(NodeFailure(job.task.node, told, {}))
            return
        self._begin(job, worker)

    def _begin(self, job: Job, worker: WorkerProcess | None) -> None:
        """Have a worker perform a task, as soon as it has all that the task takes."""
        if worker is None:
            self._staff.waiting.append(job)
            return
        job.worker = worker
        self._staff.lines[worker].append(job)
        strange = list(job.strange_to(worker))
        job.lacks = len(strange) or 1
        for held in strange:
            held.waiting.append(lambda: self._came(job))
            held.publish()
        if not strange:
            self._came(job)

    def kill(self, future: Future) -> None:
        """End the worker of a task that is under way; its place is taken by another when there is need."""
        job = self._jobs.get(future)
        if job is not None and job.worker is not None:
            job.worker.kill()
        elif job is not None:
            with self._lock, suppress(ValueError):
                self._staff.waiting.remove(job)
                job.future.set_exception(NodeFailure(job.task.node, WorkerDied("it was ended"), {}))

    def close(self, *, cancel: bool) -> None:
        """End all workers, with `cancel` whatever they do, and remove what lies between them."""
        with self._lock:
            self._cancelled = cancel
            workers = list(self._staff.lines)
        if not cancel:
            fetch_rest(workers)
        for worker in workers:
            worker.kill() if cancel else worker.dismiss()
        for worker in workers:
            worker.wait()
        self._folder.remove()

    def _job(self, number: int, task: Task) -> Job:
        """Return a task with all its values where workers find them.

        Raises:
            NodeFailure: something cannot be pickled.
            ValuesLost: what the store had kept cannot be read.
        """
        values, travel = task.values, dict[str, Any]()
        takes, own = dict[str, Held](), list[Held]()
        try:
            read = {argument: load() for argument, load in task.kept}
            for argument, value in (*values.items(), *read.items()):
                if isinstance(value, Held):
                    takes[argument] = value
                elif type(value) in _TRAVELS or is_parameter(task.node.inputs[argument]):
                    travel[argument] = value
                elif isinstance(value, Handle) or argument in read:
                    fetched = value.get() if isinstance(value, Handle) else value
                    takes[argument] = self._put_out(task, argument, fetched)
                    own.append(takes[argument])
                else:
                    takes[argument] = self._shared(task, argument, value)
                    if argument in task.spent:
                        own.append(self._put.pop(id(value))[1])
        except (Lost, ValueGone) as lost:
            raise ValuesLost({}) from lost
        values.clear()
        return Job(number, task, pack_task(task, travel, offers=True), takes, own)

    def _shared(self, task: Task, argument: str, value: Any) -> Held:
        """Make a value that the driver holds for several takers one that workers can read, once for all of them."""
        if id(value) not in self._put:
            self._put[id(value)] = value, self._put_out(task, argument, value)
        return self._put[id(value)][1]

    def _put_out(self, task: Task, argument: str, value: Any) -> Held:
        """Make a value of the driver one that workers can read."""
        try:
            return put_out(value, self._folder)
        except Exception as error:
            problem = f"argument {argument!r} cannot be sent to a worker: {type(error).__name__}: {error}"
            told = CannotTravel(problem, where=task.node.where, hint=_ELSEWHERE)
            raise NodeFailure(task.node, told, {}) from error

    def _hired(self) -> WorkerProcess:
        return WorkerProcess(self._hear, self._ended, ("enter", self._site, _level()))

    def _send(self, job: Job) -> None:
        """Send a task whose values are all in reach of its worker."""
        worker, task = job.worker, job.task
        assert worker is not None
        takes = {argument: held.place for argument, held in job.takes.items()}
        here = [argument for argument, place in takes.items() if place[0] == "here"]
        alone = task.spent.intersection(here)
        modes = {
            argument: mode
            for argument in here
            if (mode := task.catalog.copy_mode(task.node.inputs[argument])) is not None
        }
        room = self._folder.room // self._staff.jobs
        job.sent_at = perf_counter()
        if self._surroundings.capture is not None:
            self._surroundings.capture.begin(task.node.name, job.log)
        worker.send(
            "order", Order(job.number, job.packed, takes, alone, modes, task.stays, self._folder.places, room)
        )
        for argument in alone:
            job.takes[argument].moved(GONE)

    def _came(self, job: Job) -> None:
        """Note that a value that a task lacked has left its worker, or never will."""
        job.lacks -= 1
        if job.lacks or job.future.done():
            return
        if job.is_lost:
            self._settle(job)
            job.future.set_exception(ValuesLost({}))
        elif job.why_not:
            told = CannotTravel(job.why_not, where=job.task.node.where, hint=_ELSEWHERE)
            self._settle(job)
            job.future.set_exception(NodeFailure(job.task.node, told, {}))
        else:
            self._send(job)

    def _settle(self, job: Job) -> None:
        """Free the worker of a task that has ended, if it is still there."""
        worker = job.worker
        assert worker is not None
        for held in job.own:
            held.release()
        if self._surroundings.capture is not None:
            self._surroundings.capture.end(job.task.node.name)
        line = self._staff.lines.get(worker)
        if line is None:
            return
        line.remove(job)
        following = self._staff.next_for(worker) if not line else None
        if following is not None:
            self._begin(following, worker)

    def _hear(self, worker: WorkerProcess, message: tuple[Any, ...]) -> None:
        """Take what a worker says; in the thread that listens to it."""
        kind, *told = message
        if kind == "said":
            self._said(worker, *told)
        elif kind == "done":
            self._done(worker, *told)
        elif kind == "failed":
            self._failed(worker, told[0], pickle.loads(told[1]))
        elif kind == "packed":
            self._packed(worker, *told)
        elif kind == "recalled":
            self._recalled(worker, *told)
        else:
            self._left(worker, told[0], told[1] if kind == "published" else ("stuck", told[1], 0))

    def _said(self, worker: WorkerProcess, number: int, stream: str, said: Any) -> None:
        job = self._job_of(worker, number)
        log = job.log if job is not None else NodeLog()
        if stream != "log":  # kept here and not when it is heard: who listens to stdout may not be the run
            log.add(stream, said)
            log = NodeLog()
        with (self._surroundings.capture or Capture()).on_behalf_of(log), suppress(OSError, ValueError):
            _repeat(stream, said)  # nobody may read it any more

    def _done(
        self,
        worker: WorkerProcess,
        number: int,
        told: tuple[Any, ...],
        placed: dict[str, Place],
        offered: tuple[Mapping[str, tuple[str, int]], float, bool] | None,
    ) -> None:
        job = self._job_of(worker, number)
        if job is None:
            return  # the worker was given up already
        outcome, error = Outcome(*told), None
        try:
            outcome.moved = moved(job.task, outcome)
        except Exception as failed:  # noqa: BLE001 (raised in the loop)
            error = NodeFailure(job.task.node, failed, {})
        outcome.log, outcome.bundle = job.log.said(), bundle_of(worker, offered, self._folder)
        with self._lock:
            for name, place in placed.items():
                held = outcome.values[name] = Held(place, worker, self._folder)
                if held.stays and not held.stuck and not self._folder.room:
                    held.publish(to_disk=True)
            self._staff.took(outcome.duration_s)
            self._settle(job)
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(outcome)

    def _failed(self, worker: WorkerProcess, number: int, failure: NodeFailure) -> None:
        with self._lock:
            job = self._job_of(worker, number)
            if job is None:
                return  # the worker was given up already
            failure.log = job.log.said()
            self._settle(job)
        job.future.set_exception(failure)

    def _left(self, worker: WorkerProcess, key: str, place: Place) -> None:
        with self._lock:
            held = worker.has.get(key)
            if held is None:  # let go meanwhile
                Held(place, None, self._folder).release()
                return
            waiting, held.waiting = held.waiting, []
            held.moved(place)
            for call in waiting:
                call()

    def _packed(self, worker: WorkerProcess, key: str, form: str, path: str) -> None:
        picture = worker.pictures.get(key)
        packed = Packed(form, (files.view(path),)) if path else None
        if path:
            with suppress(OSError):  # mapped (Windows): it goes with its folder
                os.unlink(path)
        if picture is not None:
            picture.come(packed)

    def _ended(self, worker: WorkerProcess, code: int) -> None:
        """Take leave of a worker: what only it had is gone, and its task has failed."""
        for picture in list(worker.pictures.values()):
            picture.come(None)
        with self._lock:
            line = self._staff.lines.pop(worker, deque())
            gone = list(worker.has.values())
            for held in gone:
                held.moved(GONE)
            for call in [call for held in gone for call in held.waiting]:
                call()
            if self._cancelled:
                return
            first = line.popleft() if line else None
            if first is not None:
                self._settle(first)
            for job in (*line, *self._drained()):  # none of them has begun
                self._find_place(job)
        if first is not None and not first.future.done():
            first.future.set_exception(_died(first, code))

    def _drained(self) -> list[Job]:
        waiting = list(self._staff.waiting)
        self._staff.waiting.clear()
        return waiting

    def _job_of(self, worker: WorkerProcess, number: int) -> Job | None:
        """Return the task that a worker speaks of, as long as it is that worker's."""
        line = self._staff.lines.get(worker)
        return next((job for job in line if job.number == number), None) if line else None

    def _recalled(self, worker: WorkerProcess, number: int) -> None:
        """Have another worker perform a task that had to wait too long in a line."""
        with self._lock:
            job = self._job_of(worker, number)
            if job is not None:
                self._staff.lines[worker].remove(job)
                self._find_place(job)


def _died(job: Job, code: int) -> Exception:
    """Return what came of a task whose worker has ended."""
    if job.lacks:  # it had not begun
        return ValuesLost({})
    told = WorkerDied(told_end(code), where=job.task.node.where)
    failure = NodeFailure(job.task.node, told, {}, perf_counter() - job.sent_at)
    failure.log, failure.__cause__ = job.log.said(), told
    return failure


def _level() -> int:
    """Return from which level on anyone here listens to what is logged."""
    logging = sys.modules.get("logging")
    return logging.root.level if logging is not None else 30


def _repeat(stream: str, said: Any) -> None:
    """Say here what a worker said."""
    if stream == "log":
        import logging

        logging.root.callHandlers(logging.makeLogRecord(said))
        return
    target = sys.stdout if stream == "out" else sys.stderr
    target.write(said)
    target.flush()
