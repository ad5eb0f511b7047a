from __future__ import annotations

from typing import Any

import pytest

from mlflow_tmpl import Catalog, Node
from mlflow_tmpl.engine.processes.folder import Folder
from mlflow_tmpl.engine.processes.held import Held
from mlflow_tmpl.engine.processes.job import Job
from mlflow_tmpl.engine.processes.staff import Staff
from mlflow_tmpl.engine.task import Task
from mlflow_tmpl.pipeline import NodeOptions


class Desk:
    """A worker that only takes note of what it is sent."""

    def __init__(self) -> None:
        self.has: dict[str, Held] = {}
        self.sent: list[tuple[Any, ...]] = []

    def send(self, *message: Any) -> None:
        self.sent.append(message)


@pytest.fixture
def folder(tmp_path: Any) -> Folder:
    return Folder(10**9, None, tmp_path)


def job(number: int = 0, timeout_s: float | None = None, **takes: Held) -> Job:
    node = Node(lambda: None, name="n", options=NodeOptions(timeout_s=timeout_s))
    return Job(number, Task(node, Catalog(), {}), b"", takes, [])


def held(worker: Desk, folder: Folder, size: int = 100, may_leave: bool = True) -> Held:
    return Held(("here", f"k{len(worker.has)}", size, may_leave), worker, folder)  # type: ignore[arg-type]


def staffed(jobs: int = 2) -> tuple[Staff, Desk, Desk]:
    staff = Staff(jobs, Desk)  # type: ignore[arg-type]
    first = staff.choose(job())
    staff.lines[first].append(job())
    second = staff.choose(job())
    staff.lines[first].clear()
    return staff, first, second  # type: ignore[return-value]


def test_a_task_goes_to_the_worker_that_has_most_of_what_it_takes(folder: Folder) -> None:
    staff, first, second = staffed()
    task = job(a=held(first, folder, 10), b=held(second, folder, 1000))
    assert staff.choose(task) is second


def test_a_task_without_ties_goes_to_a_worker_that_has_nothing(folder: Folder) -> None:
    staff, first, second = staffed()
    held(first, folder)
    assert staff.choose(job()) is second


def test_a_task_waits_for_the_only_worker_that_can_have_its_value(folder: Folder) -> None:
    staff, first, _ = staffed()
    bound = job(a=held(first, folder, may_leave=False))
    staff.lines[first].append(job())
    assert staff.choose(bound) is None
    staff.waiting.append(bound)
    staff.lines[first].clear()
    assert staff.next_for(first) is bound


def test_short_tasks_stand_in_line_and_one_that_has_not_begun_is_called_back(folder: Folder) -> None:
    staff, first, second = staffed()
    assert staff.slots == 2
    for _ in range(50):
        staff.took(0.0001)
    assert staff.slots == 16
    for number in range(4):
        worker = staff.choose(job(number))
        assert worker is not None
        staff.lines[worker].append(job(number))
    assert sorted(len(line) for line in staff.lines.values()) == [2, 2]
    staff.lines[second].clear()
    assert staff.next_for(second) is None
    assert first.sent == [("recall", staff.lines[first][-1].number)]


def test_a_task_with_a_time_limit_never_stands_in_line(folder: Folder) -> None:
    staff, first, second = staffed()
    for worker in (first, second):
        staff.lines[worker].append(job())
    assert staff.choose(job(timeout_s=5.0)) is None
