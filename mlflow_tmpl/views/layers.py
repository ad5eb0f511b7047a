"""Layers of a drawing, with the bends of edges that pass through them (Sugiyama, Tagawa, Toda 1981)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Edge(NamedTuple):
    """An edge, and where on its two vertices it ends.

    Attributes:
        source, target: numbers of vertices.
        leaves, arrives: how far to the right of the middle of its vertex each end lies.
    """

    source: int
    target: int
    leaves: float = 0.0
    arrives: float = 0.0


class Link(NamedTuple):
    """One neighbour of a vertex in the layer before or after.

    Attributes:
        other: the neighbour.
        part: where on the neighbour the edge ends, from -0.5 at its left side to 0.5 at its right.
        shift: how far from the neighbour's middle the vertex stands if the edge is straight.
    """

    other: int
    part: float
    shift: float


@dataclass(frozen=True, slots=True)
class Layers:
    """Vertices by layer, bends of long edges included.

    Attributes:
        rows: vertices of each layer, in order; numbers from `real` on are bends.
        real: how many vertices the graph has.
        up, down: neighbours of each vertex in the layer before and after.
        chains: for each place that edges leave, as vertex and distance from its middle, the bends that they
            share, one a layer, in order.
        layer: the layer of each vertex that is not a bend.
    """

    rows: list[list[int]]
    real: int
    up: list[list[Link]]
    down: list[list[Link]]
    chains: Mapping[tuple[int, float], list[int]]
    layer: list[int]


def with_bends(edges: Sequence[Edge], layer: list[int], widths: Sequence[float]) -> Layers:
    """Return the layers of a graph, not in order yet.

    All long edges that leave one place share one chain of bends, so that a dataset with many takers is one
    line that branches off, and bends stay fewer than vertices times layers.

    Args:
        edges: each leads to a later layer.
        layer: of each vertex.
        widths: of each vertex.
    """
    real = len(layer)
    rows: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for vertex, at in enumerate(layer):
        rows[at].append(vertex)
    layers = Layers(rows, real, [[] for _ in layer], [[] for _ in layer], {}, layer)
    bundles: dict[tuple[int, float], list[Edge]] = {}
    for edge in edges:
        bundles.setdefault((edge.source, edge.leaves), []).append(edge)
    chains: dict[tuple[int, float], list[int]] = {}
    for place, bundle in bundles.items():
        chain = _chain(layers, place[0], max([layer[edge.target] for edge in bundle]))
        if chain:
            chains[place] = chain
        _tie(layers, place, chain, bundle, widths)
    return Layers(rows, real, layers.up, layers.down, chains, layer)


def _chain(layers: Layers, source: int, furthest: int) -> list[int]:
    """Make a bend in each layer between two."""
    between = range(layers.layer[source] + 1, furthest)
    chain = list(range(len(layers.up), len(layers.up) + len(between)))
    for row, bend in zip(between, chain, strict=True):
        layers.rows[row].append(bend)
        layers.up.append([])
        layers.down.append([])
    return chain


def _tie(
    layers: Layers,
    place: tuple[int, float],
    chain: Sequence[int],
    bundle: Sequence[Edge],
    widths: Sequence[float],
) -> None:
    """Link neighbours along a chain, and the targets to it."""
    source, leaves = place
    path = [source, *chain]
    ends = [(at, bend, 0.0) for at, bend in enumerate(chain)]
    own = layers.layer[source]
    ends += [(layers.layer[edge.target] - own - 1, edge.target, edge.arrives) for edge in bundle]
    for at, target, arrives in ends:
        start, shift = path[at], leaves if not at else 0.0
        layers.down[start].append(Link(target, _part(arrives, target, widths), arrives - shift))
        layers.up[target].append(Link(start, _part(shift, start, widths), shift - arrives))


def _part(shift: float, vertex: int, widths: Sequence[float]) -> float:
    return shift / widths[vertex] if shift else 0.0
