from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.planning.frontier import Frontier, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable


VERDICTS = [Verdict.RUN, Verdict.REUSE, Verdict.LAZY]


@dataclass(frozen=True)
class Graph:
    """A random graph: what each node needs, which of it is in memory, and what is decided about each."""

    needs: list[list[int]]
    memory: list[bool]
    verdicts: list[Verdict]

    @property
    def feeds(self) -> list[list[int]]:
        feeds: list[list[int]] = [[] for _ in self.needs]
        for node, needs in enumerate(self.needs):
            for need in needs:
                feeds[need].append(node)
        return feeds

    @property
    def demands(self) -> list[list[int]]:
        return [[need for need in needs if self.memory[need]] for needs in self.needs]

    def must_run(self) -> set[int]:
        """The nodes that are decided to run, and what makes the values in memory that these take."""
        found: set[int] = set()
        waiting = [node for node, verdict in enumerate(self.verdicts) if verdict is Verdict.RUN]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self.demands[node]
        return found


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 14))
    needs = [
        draw(st.lists(st.integers(0, node - 1), unique=True, max_size=4)) if node else []
        for node in range(count)
    ]
    memory = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    verdicts = [draw(st.sampled_from(VERDICTS if memory[node] else VERDICTS[:2])) for node in range(count)]
    return Graph(needs, memory, verdicts)


def play(
    graph: Graph, pick: Callable[[list[int]], int] | None = None
) -> tuple[list[int], list[int], Frontier]:
    """Run a graph to its end; return what was decided and what ran, in order."""
    decided: list[int] = []
    ran: list[int] = []

    def decide(node: int) -> Verdict:
        decided.append(node)
        for need in graph.needs[node]:
            assert need in decided, "a node is decided after what it needs"
            assert graph.verdicts[need] is not Verdict.RUN or need in ran, "and after that has run"
        return graph.verdicts[node]

    frontier = Frontier(graph.needs, graph.feeds, graph.demands, decide)
    frontier.start()
    under_way: list[int] = []
    while frontier.ready or under_way:
        while frontier.ready:
            under_way.append(frontier.pop())
        node = under_way.pop(pick(under_way) if pick else 0)
        assert set(graph.demands[node]) <= set(ran), "what a node takes from memory is there"
        ran.append(node)
        frontier.complete(node)
    return decided, ran, frontier


@given(graphs())
def test_what_must_run_runs_once_and_nothing_else(graph: Graph) -> None:
    _, ran, frontier = play(graph)
    assert sorted(ran) == sorted(graph.must_run())
    assert frontier.demanded == [node in graph.must_run() for node in range(len(graph.needs))]
    assert frontier.done == frontier.demanded


@given(graphs(), st.data())
def test_it_does_not_matter_which_of_several_ends_first(graph: Graph, data: st.DataObject) -> None:
    _, ran, _ = play(graph, lambda under_way: data.draw(st.integers(0, len(under_way) - 1)))
    assert sorted(ran) == sorted(graph.must_run())


@given(graphs())
def test_each_node_is_decided_once(graph: Graph) -> None:
    decided, _, frontier = play(graph)
    assert sorted(decided) == list(range(len(graph.needs)))
    assert all(frontier.decided)


def test_the_first_of_the_pipeline_comes_first() -> None:
    graph = Graph([[], [], []], [False] * 3, [Verdict.RUN] * 3)
    frontier = Frontier(graph.needs, graph.feeds, graph.demands, lambda _: Verdict.RUN)
    frontier.start()
    assert [frontier.pop() for _ in range(3)] == [0, 1, 2]


def test_a_value_that_nobody_needs_is_not_made() -> None:
    graph = Graph([[], [0], [1]], [True, True, False], [Verdict.LAZY, Verdict.LAZY, Verdict.REUSE])
    assert play(graph)[1] == []


def test_a_value_is_made_when_the_last_one_in_line_needs_it() -> None:
    graph = Graph([[], [0], [1]], [True, True, False], [Verdict.LAZY, Verdict.LAZY, Verdict.RUN])
    assert play(graph)[1] == [0, 1, 2]


def test_a_reused_node_runs_for_the_sake_of_its_memory_alone() -> None:
    graph = Graph([[], [0]], [True, False], [Verdict.REUSE, Verdict.RUN])
    assert play(graph)[1] == [0, 1]


CHAIN = Graph([[], [0], [1], [2]], [True, True, True, False], [*[Verdict.LAZY] * 3, Verdict.RUN])


def held_frontier(graph: Graph, held: set[int]) -> Frontier:
    frontier = Frontier(
        graph.needs,
        graph.feeds,
        graph.demands,
        graph.verdicts.__getitem__,
        lambda _, maker: maker in held,
    )
    frontier.start()
    return frontier


def order_of(frontier: Frontier) -> list[int]:
    ran = []
    while frontier.ready:
        ran.append(frontier.pop())
        frontier.complete(ran[-1])
    return ran


@pytest.mark.parametrize(
    ("held", "runs"), [(set(), [0, 1, 2, 3]), ({2}, [3]), ({0}, [1, 2, 3]), ({0, 1, 2}, [3])]
)
def test_a_value_that_is_held_is_not_made(held: set[int], runs: list[int]) -> None:
    assert order_of(held_frontier(CHAIN, held)) == runs


def test_a_held_value_that_is_lost_is_made_before_its_taker_runs_after_all() -> None:
    held = {1, 2}
    frontier = held_frontier(CHAIN, held)
    assert frontier.pop() == 3
    held.discard(2)
    frontier.lack(3)
    assert frontier.pop() == 2
    held.discard(1)
    frontier.lack(2)
    assert order_of(frontier) == [0, 1, 2, 3]
    assert frontier.done == frontier.demanded == [True] * 4


def test_a_taker_that_lacks_a_value_waits_for_a_maker_that_is_under_way() -> None:
    graph = Graph([[], [0], [0]], [True, False, False], [Verdict.LAZY, Verdict.RUN, Verdict.RUN])
    held = {0}
    frontier = held_frontier(graph, held)
    assert [frontier.pop(), frontier.pop()] == [1, 2]
    held.clear()
    frontier.lack(1)
    assert frontier.pop() == 0
    frontier.lack(2)
    assert not frontier.ready
    frontier.complete(0)
    assert order_of(frontier) == [1, 2]


@given(graphs(), st.data())
def test_with_values_held_and_lost_at_random_each_node_has_what_it_takes(
    graph: Graph, data: st.DataObject
) -> None:
    lazy = [node for node in range(len(graph.needs)) if graph.verdicts[node] is not Verdict.RUN]
    held = {node for node in lazy if data.draw(st.booleans())}
    frontier, done = held_frontier(graph, held), set[int]()
    while frontier.ready:
        node = frontier.pop()
        lost = {
            maker
            for maker in graph.demands[node]
            if maker in held and maker not in done and data.draw(st.booleans())
        }
        if lost:
            held -= lost
            frontier.lack(node)
            continue
        assert all(maker in done or maker in held for maker in graph.demands[node])
        done.add(node)
        frontier.complete(node)
    assert {node for node, verdict in enumerate(graph.verdicts) if verdict is Verdict.RUN} <= done
    assert done <= graph.must_run()


class Counted(list):  # type: ignore[type-arg]
    """A list of lists that counts what is taken from them."""

    taken = 0

    def __getitem__(self, index: object) -> object:
        found = super().__getitem__(index)  # type: ignore[call-overload]
        Counted.taken += len(found) + 1
        return found


def test_the_work_is_linear_in_nodes_and_edges() -> None:
    def work(count: int) -> int:
        needs = [list(range(max(0, node - 3), node)) for node in range(count)]
        graph = Graph(needs, [node % 2 == 0 for node in range(count)], [Verdict.RUN] * count)
        Counted.taken = 0
        frontier = Frontier(
            needs, Counted(graph.feeds), Counted(graph.demands), lambda node: graph.verdicts[node]
        )
        frontier.start()
        while frontier.ready:
            frontier.complete(frontier.pop())
        assert all(frontier.done)
        return Counted.taken

    assert work(4_000) <= 2.1 * work(2_000)
