"""Nodes that are called again: how often, with what, and what is told of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl import Node, NodeOptions, Pipeline, run
from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.engine.events import NodeFinished, NodeStarted, RunNoted
from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.engine.events import Event
    from tests.conftest import MadeProject


class Flaky:
    """Fails so often, and changes what it is given each time."""

    def __init__(self, failures: int, error: type[Exception] = ConnectionError) -> None:
        self.failures, self.error = failures, error
        self.seen: list[Any] = []

    def __call__(self, given: list[int], *, known: dict[str, int]) -> list[int]:
        self.seen.append((list(given), dict(known)))
        given.append(len(self.seen))
        known["changed"] = 1
        if len(self.seen) <= self.failures:
            raise self.error("no line")
        return given


def flaky(call: Flaky, **retries: Any) -> Node:
    options = NodeOptions(retries={"delay_s": 0, **retries})
    return Node(call, {"given": "start", "known": "params:known"}, "end", name="flaky", options=options)


def _start() -> list[int]:
    return [0]


DATA = {"params:known": {"a": 1}}
START = Node(_start, None, "start", name="begin")


@pytest.mark.parametrize("engine", ["inline", "threads"])
def test_no_attempt_sees_what_the_one_before_did_to_its_arguments(engine: str) -> None:
    call = Flaky(2)
    result = run(Pipeline([START, flaky(call, count=3)]), DATA, engine=engine)
    assert call.seen == [([0], {"a": 1})] * 3
    assert result["end"] == [0, 3]
    assert [(node.status, node.attempt) for node in result.nodes] == [("done", 1), ("done", 3)]


def test_a_value_that_others_take_too_is_let_go_after_the_last_attempt() -> None:
    other = Node(len, {"obj": "start"}, "size", name="other")
    call = Flaky(1)
    result = run(Pipeline([START, flaky(call, count=1), other]), DATA)
    assert (result["end"], result["size"]) == ([0, 2], 1)
    assert "start" not in result.outputs


def test_after_the_last_attempt_the_run_has_failed() -> None:
    call = Flaky(9)
    with pytest.raises(NodeFailure, match="node 'flaky' failed: ConnectionError: no line") as caught:
        run(Pipeline([START, flaky(call, count=2)]), DATA)
    assert len(call.seen) == 3
    assert caught.value.result is not None
    assert [(node.status, node.attempt) for node in caught.value.result.nodes] == [("done", 1), ("failed", 3)]


@pytest.mark.parametrize(
    ("retry_on", "calls"),
    [
        (["OSError"], 2),
        ([ConnectionError], 2),
        (["builtins.OSError", "ConnectionError"], 2),
        ([ValueError], 1),
    ],
)
def test_only_errors_that_are_named_are_worth_another_attempt(retry_on: list[Any], calls: int) -> None:
    call = Flaky(9)
    with pytest.raises(NodeFailure):
        run(Pipeline([START, flaky(call, count=1, retry_on=retry_on)]), DATA)
    assert len(call.seen) == calls


def test_other_nodes_run_while_one_waits_for_its_next_attempt() -> None:
    call, order = Flaky(1), list[str]()
    after = [Node(lambda: order.append("other"), name=f"other{number}") for number in range(2)]
    nodes = [START, flaky(call, count=1, delay_s=0.05, jitter=0), *after]
    run(Pipeline([*nodes, Node(lambda end: order.append("after"), {"end": "end"}, name="after")]), DATA)
    assert order == ["other", "other", "after"]


UNSTEADY = """
    CALLS = []

    @node(outputs="a", retries={"count": 2, "delay_s": 0})
    def fetch() -> int:
        CALLS.append(1)
        print("attempt", len(CALLS))
        if len(CALLS) < 3:
            raise ConnectionError("no line")
        return 7

    @node(outputs="b")
    def use(a: int) -> int:
        return a
    """


def test_every_attempt_is_on_record_with_its_error(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(nodes=UNSTEADY).open()
    events: list[Event] = []
    result = project.run(listeners=[events.append])
    fetch, use = project.ledger.run("last").nodes
    assert (fetch.status, fetch.attempt, use.attempt) == ("done", 3, 1)
    assert [(each.attempt, each.status) for each in fetch.retried] == [(1, "retried"), (2, "retried")]
    told = fetch.to_json()
    assert (told["attempt"], [each["error"]["type"] for each in told["retried"]]) == (
        3,
        ["ConnectionError"] * 2,
    )
    assert project.ledger.run("last").counts == {"done": 2}
    assert result.nodes[0].to_json()["attempt"] == 3
    started = [event.attempt for event in events if isinstance(event, NodeStarted)]
    ended = [event.status for event in events if isinstance(event, NodeFinished)]
    assert (started, ended) == ([1, 2, 3, 1], ["retried", "retried", "done", "done"])


def test_a_result_does_not_depend_on_how_the_node_is_run(make_project: Callable[..., MadeProject]) -> None:
    project = make_project(nodes=UNSTEADY)
    before = [step.key for step in project.open().plan().steps]
    project.write("conf/base/nodes.yml", "fetch: {retries: 5, priority: 3, engine: threads}\n")
    opened = project.open()
    steps = opened.plan().steps
    assert [step.key for step in steps] == before
    assert steps[0].node.options.retries.count == opened.outline()["fetch"].options.retries.count == 5
    assert steps[0].to_json()["options"]["engine"] == "threads"


SLEEPS = """
    import time

    @node(outputs="a", timeout_s=0.3, retries={"count": 1, "delay_s": 0, "retry_on": [TimeoutError]})
    def sleep() -> int:
        time.sleep(120)
        return 1

    @node(outputs="b")
    def after(a: int) -> int:
        return a
    """


def test_a_node_that_takes_too_long_is_ended_where_that_can_be(
    make_project: Callable[..., MadeProject],
) -> None:
    project, started = make_project(nodes=SLEEPS).open(), time.monotonic()
    with pytest.raises(NodeFailure, match=r"it took longer than the 0.3 s of its timeout_s"):
        project.run(keep_going=True)
    assert time.monotonic() - started < 60
    record = project.ledger.run("last")
    assert record.engine == "processes"
    sleep = next(node for node in record.nodes if node.name == "sleep")
    assert (sleep.status, sleep.attempt, len(sleep.retried)) == ("timed_out", 2, 1)
    assert record.counts == {"timed_out": 1, "blocked": 1}


def test_a_limit_that_the_engine_cannot_keep_is_said_before_the_run(
    make_project: Callable[..., MadeProject],
) -> None:
    project = make_project(nodes=SLEEPS.replace("120", "0")).open()
    events: list[Event] = []
    project.run(engine="inline", listeners=[events.append])
    told = [str(event) for event in events if isinstance(event, RunNoted)]
    reason = "timeout_s is not kept, as the engine 'inline' cannot end a node; --engine processes can"
    assert told == [f"warning: node 'sleep': {reason}"]
    assert isinstance(events[1], RunNoted)


def test_more_than_the_machine_has_is_refused_before_the_run() -> None:
    node = Node(_start, None, "x", name="huge", options=NodeOptions(resources={"memory": "900TB"}))
    with pytest.raises(UsageError, match=r"node 'huge' takes 9e\+05 GB of memory of ") as caught:
        run(node, engine="threads")
    assert "test_attempts.py:" in caught.value.where


def test_several_engines_serve_one_run() -> None:
    options = {name: NodeOptions(engine=name) for name in ("inline", "threads")}
    names = {}

    def where(name: str) -> Callable[[], str]:
        def call() -> str:
            import threading

            names[name] = threading.current_thread() is threading.main_thread()
            return name

        return call

    nodes = [Node(where(name), None, name, name=name, options=each) for name, each in options.items()]
    result = run(
        Pipeline([*nodes, Node(where("plain"), None, "plain", name="plain")]), engine="threads", jobs=2
    )
    assert [node.engine for node in result.nodes] == ["inline", "threads", "threads"]
    assert names == {"inline": True, "threads": False, "plain": False}
