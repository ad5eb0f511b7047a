"""The order of a run, what a failure stops, and what is said of the nodes that did not run."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl import Node, Pipeline, run
from mlflow_tmpl.engine import NodeFailure, execute
from mlflow_tmpl.engine.events import NodeFinished, NodeStarted, RunFinished, RunNoted, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.events import Event
    from tests.conftest import MadeProject

FORKED = """
    @node(outputs="a")
    def begin() -> int:
        return 1

    @node(outputs="b")
    def breaks(a: int) -> int:
        raise ValueError("broken")

    @node(outputs="c")
    def after_broken(b: int) -> int:
        return b

    @node(outputs="d")
    def long_after(c: int) -> int:
        return c

    @node(outputs="e")
    def apart(a: int) -> int:
        return a + 1
    """


def statuses(failure: NodeFailure) -> dict[str, str]:
    assert failure.result is not None
    return {node.name: node.status for node in failure.result.nodes}


@pytest.fixture
def forked(make_project: Callable[..., MadeProject]) -> MadeProject:
    return make_project(nodes=FORKED)


def test_a_failure_starts_nothing_more_and_says_what_it_blocks(forked: MadeProject) -> None:
    with pytest.raises(NodeFailure) as caught:
        forked.open().run()
    assert statuses(caught.value) == {
        "begin": "done",
        "breaks": "failed",
        "after_broken": "blocked",
        "long_after": "blocked",
        "apart": "skipped",
    }


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_keep_going_runs_what_does_not_depend_on_the_failure(forked: MadeProject, engine: str) -> None:
    with pytest.raises(NodeFailure) as caught:
        forked.open().run(keep_going=True, engine=engine)
    assert statuses(caught.value) == {
        "begin": "done",
        "breaks": "failed",
        "after_broken": "blocked",
        "long_after": "blocked",
        "apart": "done",
    }
    assert caught.value.result is not None
    assert caught.value.result["e"] == 2


def test_events_come_in_order_and_each_node_ends_once(forked: MadeProject) -> None:
    events: list[Event] = []
    forked.open().run(nodes=["begin", "apart"], listeners=[events.append])
    assert [type(event) for event in events] == [
        RunStarted,
        RunNoted,
        NodeStarted,
        NodeFinished,
        NodeStarted,
        NodeFinished,
        RunFinished,
    ]
    told = [event.step.node.name for event in events if isinstance(event, (NodeStarted, NodeFinished))]
    assert told == ["begin", "begin", "apart", "apart"]


def test_a_listener_that_fails_does_not_keep_the_end_from_the_others(forked: MadeProject) -> None:
    plan = forked.open().plan(nodes=["begin"])
    heard: list[type] = []

    def deaf(event: Event) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        execute(plan, [deaf, lambda event: heard.append(type(event))])
    assert heard == [RunStarted, RunFinished]

    def deaf_to_nodes(event: Event) -> None:
        if isinstance(event, NodeFinished):
            raise OSError("no room")

    heard.clear()
    with pytest.raises(OSError, match="no room"):
        execute(plan, [deaf_to_nodes, lambda event: heard.append(type(event))])
    assert heard[-1] is RunFinished


def test_an_interruption_in_a_node_is_told_as_cancelled(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(
        nodes="""
            @node(outputs="a")
            def first() -> int:
                return 1

            @node(outputs="b")
            def stopped(a: int) -> int:
                raise KeyboardInterrupt

            @node(outputs="c")
            def later(b: int) -> int:
                return b
            """
    ).open()
    events: list[Event] = []
    with pytest.raises(KeyboardInterrupt):
        project.run(listeners=[events.append])
    ended = {e.step.node.name: e.status for e in events if isinstance(e, NodeFinished)}
    assert ended == {"first": "done", "stopped": "cancelled", "later": "cancelled"}
    record = project.ledger.run("last")
    assert record.status == "cancelled"
    assert {node.name: node.status for node in record.nodes} == ended


def test_what_ended_before_an_interruption_is_recorded_though_nobody_looked_yet(
    make_project: Callable[..., MadeProject],
) -> None:
    project = make_project(
        nodes="""
            @node(outputs="a")
            def one() -> int:
                return 1

            @node(outputs="b")
            def two() -> int:
                return 2
            """
    ).open()
    ended: dict[str, str] = {}
    both = threading.Event()

    def interrupt(event: Event) -> None:
        if isinstance(event, NodeFinished):
            if not both.is_set():
                both.set()
                ended[event.step.node.name] = event.status
                threading.Event().wait(1.0)
                raise KeyboardInterrupt
            ended[event.step.node.name] = event.status

    with pytest.raises(KeyboardInterrupt):
        project.run(engine="threads", jobs=2, listeners=[interrupt])
    assert ended == {"one": "done", "two": "done"}


def test_threads_give_what_inline_gives_and_overlap() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def meet(x: int) -> int:
        meeting.wait()
        return x + 1

    nodes = [Node(meet, "x", f"y{n}", name=f"meet{n}") for n in range(3)]
    total = Node(lambda *parts: sum(parts), ["y0", "y1", "y2"], "total", name="total")
    assert run([*nodes, total], {"x": 1}, engine="threads", jobs=3)["total"] == 6


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_a_wide_and_deep_graph_gives_the_same_on_every_engine(engine: str) -> None:
    def add(*parts: int) -> int:
        return sum(parts) + 1

    layers = [["x"], *([f"v{depth}_{n}" for n in range(4)] for depth in range(5))]
    nodes = [
        Node(add, list(above), name, name=name) for above, here in itertools.pairwise(layers) for name in here
    ]
    result = run(Pipeline(nodes), {"x": 1}, engine=engine)
    assert [result[name] for name in layers[-1]] == [597] * 4


def test_runs_of_reused_nodes_end_as_reused(two_steps: MadeProject) -> None:
    project = two_steps.open()
    assert [node.status for node in project.run().nodes] == ["done", "done"]
    again: Any = project.run()
    assert [(node.action.value, node.status, node.duration_s) for node in again.nodes] == [
        ("reuse", "reused", 0.0)
    ] * 2
