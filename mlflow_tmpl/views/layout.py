"""Where everything lies: a layered layout whose edges lead only forward and whose boxes never overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlflow_tmpl.views.align import BEND_GAP, GAP, align
from mlflow_tmpl.views.layers import make_layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.views.layers import Layers

    Direction = Literal["down", "right"]
    Point = tuple[float, float]

LAYER_GAP = 36.0
"""Between two layers, so that edges have room to turn."""
PAGE = 1.5
"""Width over height of what a drawing is mostly looked at in."""


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a vertex: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Places of all vertices, and the points that each edge runs through.

    Attributes:
        direction: where edges lead to.
        routes: from the middle of the source's side to the middle of the target's; the points in between come in
            pairs, the two ends of a straight piece through a layer.
    """

    width: float
    height: float
    direction: Direction
    boxes: Mapping[str, Box]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]


def lay_out(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    direction: Direction | None = None,
) -> Layout:
    """Return a layout of an acyclic graph; the same for the same graph on every machine.

    Args:
        sizes: width and height of each vertex, by id.
        edges: source and target.
        direction: where edges lead to; if none is given, what fills a page better.
    """
    ids = list(sizes)
    number = {name: at for at, name in enumerate(ids)}
    after: list[list[int]] = [[] for _ in ids]
    for source, target in dict.fromkeys(edges):
        after[number[source]].append(number[target])
    layers = make_layers(after)
    chosen = direction or _better_direction(layers, list(sizes.values()))
    drawn = [size if chosen == "down" else size[::-1] for size in sizes.values()]
    placed = _Placed(layers, drawn)
    boxes = {ids[at]: placed.box(at) for at in range(len(ids))}
    routes = {(ids[at], ids[to]): placed.route(at, to) for at in range(len(ids)) for to in after[at]}
    layout = Layout(placed.width, placed.height, chosen, boxes, routes)
    return layout if chosen == "down" else _turned(layout)


def _better_direction(layers: Layers, sizes: Sequence[tuple[float, float]]) -> Direction:
    """Return the direction in which the drawing is shown larger on a page."""
    scale = {}
    for direction, along, across in (("down", 1, 0), ("right", 0, 1)):
        length = LAYER_GAP * max(len(layers.rows), 1)
        breadth = 1.0
        for row in layers.rows:
            real = [sizes[vertex] for vertex in row if vertex < layers.real]
            length += max([size[along] for size in real], default=0)
            breadth = max(
                breadth, sum([size[across] + GAP for size in real]) + BEND_GAP * (len(row) - len(real))
            )
        wide, high = (breadth, length) if direction == "down" else (length, breadth)
        scale[direction] = min(PAGE / wide, 1 / high)
    return "down" if scale["down"] >= scale["right"] else "right"


class _Placed:
    """Coordinates for edges that lead down."""

    def __init__(self, layers: Layers, sizes: Sequence[tuple[float, float]]) -> None:
        self.layers = layers
        self.sizes = sizes
        self.x = align(layers, [size[0] for size in sizes])
        self.tops, self.bottoms = [], []
        y = 0.0
        for row in layers.rows:
            height = max([sizes[vertex][1] for vertex in row if vertex < layers.real], default=0.0)
            self.tops.append(y)
            self.bottoms.append(y + height)
            y += height + LAYER_GAP
        reach = [size[0] / 2 for size in sizes] + [0.0] * (len(self.x) - len(sizes))
        left = min([x - half for x, half in zip(self.x, reach, strict=True)], default=0.0)
        self.x = [round(x - left, 1) for x in self.x]
        self.width = max([x + half for x, half in zip(self.x, reach, strict=True)], default=0.0)
        self.height = self.bottoms[-1] if self.bottoms else 0.0

    def box(self, at: int) -> Box:
        width, height = self.sizes[at]
        row = self.layers.layer[at]
        middle = (self.tops[row] + self.bottoms[row]) / 2
        return Box(round(self.x[at] - width / 2, 1), round(middle - height / 2, 1), width, height)

    def route(self, source: int, target: int) -> tuple[Point, ...]:
        start, end = self.box(source), self.box(target)
        first, last = self.layers.layer[source] + 1, self.layers.layer[target]
        points: list[Point] = [(self.x[source], start.y + start.height)]
        for row, bend in zip(range(first, last), self.layers.chains.get(source, ()), strict=False):
            points += [(self.x[bend], self.tops[row]), (self.x[bend], self.bottoms[row])]
        points.append((self.x[target], end.y))
        return tuple(points)


def _turned(layout: Layout) -> Layout:
    boxes = {name: Box(box.y, box.x, box.height, box.width) for name, box in layout.boxes.items()}
    routes = {edge: tuple([(y, x) for x, y in points]) for edge, points in layout.routes.items()}
    return Layout(layout.height, layout.width, layout.direction, boxes, routes)
