from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.planning.code.closure import Hashes, components, flattened, is_hash_of

graphs = st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=3), min_size=10, max_size=10)


def hashes(graph: dict[int, list[int]], parts: dict[int, str]) -> Hashes[int]:
    return Hashes(
        lambda vertex: graph.get(vertex, []),
        lambda vertex: {f"part {vertex}": parts[vertex]} if vertex in parts else {},
        lambda vertex: ["doubt"] if parts.get(vertex) == "doubt" else [],
    )


def reach(graph: dict[int, list[int]], start: int) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        new = set(graph.get(waiting.pop(), [])) - seen
        seen |= new
        waiting.extend(new)
    return seen


@given(graphs, st.integers(0, 9))
def test_a_hash_stands_for_the_parts_of_all_that_is_reached(graph: dict[int, list[int]], start: int) -> None:
    made = hashes(graph, dict.fromkeys(range(10), "x"))
    parts = flattened(made.of(start), lambda name: made.rows[name])
    assert parts == {f"part {vertex}": "x" for vertex in reach(graph, start)}


@given(graphs, st.integers(0, 9))
def test_a_row_proves_its_hash_in_whatever_order_and_no_other_row_does(
    graph: dict[int, list[int]], start: int
) -> None:
    made = hashes(graph, dict.fromkeys(range(10), "x"))
    made.add({"zz": "last", "part 3": "x"}, {made.of(start), "0" * 40}, set())
    for name, row in made.rows.items():
        assert is_hash_of(name, dict(sorted(row.items(), reverse=True)))
        assert not is_hash_of(name, {**row, "part 1": "y"})
        assert not is_hash_of(name, {**row, f"reach {'1' * 40}": ""})


@given(graphs, st.integers(0, 9), st.integers(0, 9))
def test_a_hash_changes_with_what_is_reached_and_with_nothing_else(
    graph: dict[int, list[int]], start: int, changed: int
) -> None:
    parts = dict.fromkeys(range(10), "x")
    before = hashes(graph, parts).of(start)
    after = hashes(graph, {**parts, changed: "y"}).of(start)
    assert (before != after) == (changed in reach(graph, start))


@given(graphs, st.integers(0, 9), st.integers(0, 9))
def test_a_doubt_reaches_as_far_as_what_it_is_about(
    graph: dict[int, list[int]], start: int, doubted: int
) -> None:
    made = hashes(graph, {doubted: "doubt"})
    assert bool(made.doubts(made.of(start))) == (doubted in reach(graph, start))


@given(graphs)
def test_components_come_after_those_that_they_lead_to(graph: dict[int, list[int]]) -> None:
    seen: set[int] = set()
    for start in range(10):
        for component in components(start, lambda vertex: graph.get(vertex, []), seen.__contains__):
            below = {after for vertex in component for after in graph.get(vertex, [])}
            assert below <= seen | set(component)
            seen.update(component)


def test_a_long_chain_needs_no_recursion_and_a_row_each() -> None:
    graph = {n: [n + 1] for n in range(20_000)}
    made = hashes(graph, dict.fromkeys(range(20_001), "x"))
    assert made.of(0)
    assert sum(map(len, made.rows.values())) == 2 * 20_000 + 1


def test_what_counts_for_nothing_has_no_hash() -> None:
    assert hashes({1: [2], 2: []}, {}).of(1) == ""
