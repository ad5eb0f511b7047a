"""Where everything lies: a layered layout whose edges lead only forward and whose boxes never overlap.

Boxes within boxes (frames) are laid out one by one, the innermost first: to what is around it a frame is a vertex, and
edges that cross its border do so at ports, which are vertices of its first and last layer. So each layout is small,
and the whole is about linear. The page lays out with the same steps in the same order (`web/src/layout`).
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Literal

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.align import BEND_GAP, GAP, align
from mlflow_tmpl.views.frames import frames_of
from mlflow_tmpl.views.layers import Edge, with_bends
from mlflow_tmpl.views.ranks import rank
from mlflow_tmpl.views.shifting import order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.views.frames import Course, Frame, Wire

    Direction = Literal["down", "right"]
    Point = tuple[float, float]

LAYER_GAP = 36.0
"""Between two layers, so that edges have room to turn."""
PAGE = 1.5
"""Width over height of what a drawing is mostly looked at in."""
EFFORT = 1_500_000
"""What ordering may cost for the whole drawing; frames share it by their sizes."""
HEADER, PADDING = 30.0, 16.0
"""Of a frame: room for its name above, and on the other sides."""

JOINT = 0.25


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a vertex or frame: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Places of all vertices and frames, and the points that each edge runs through.

    Attributes:
        direction: where edges lead to.
        boxes: of vertices.
        frames: of frames; what lies in a frame lies in its box.
        routes: from a side of the source to a side of the target; between two points a route runs straight where they
            lie in line, else it turns.
    """

    width: float
    height: float
    direction: Direction
    boxes: Mapping[str, Box]
    frames: Mapping[str, Box]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]


def lay_out(
    sizes: Mapping[str, tuple[float, float]],
    edges: Sequence[tuple[str, str]],
    direction: Direction | None = None,
    parents: Mapping[str, str] | None = None,
) -> Layout:
    """Return a layout of an acyclic graph; the same for the same graph on every machine.

    Args:
        sizes: width and height of each vertex, by id.
        edges: source and target.
        direction: where edges lead to; if none is given, what fills a page better.
        parents: the frame of each vertex and frame that lies in one.
    """
    root, courses = frames_of(sizes, tuple(dict.fromkeys(edges)), parents or {})
    effort = EFFORT / max(len(sizes), 1)
    whole = _Placed(root, sizes, direction or "down", effort)
    if direction is None and whole.prefers_right():
        whole = _Placed(root, sizes, "right", effort, whole)
    spots: dict[str, _Spot] = {}
    whole.spread(0.0, 0.0, spots)
    routes = {
        (course.source, course.target): _turned(_route(course, spots), whole.down) for course in courses
    }
    boxes = {name: spots[name].box(whole.down) for name in sizes}
    frames = {name: spot.box(whole.down) for name, spot in spots.items() if name and spot.inner is not None}
    width, height = (whole.width, whole.height) if whole.down else (whole.height, whole.width)
    return Layout(width, height, "down" if whole.down else "right", boxes, frames, routes)


@dataclass(frozen=True, slots=True)
class _Spot:
    """The place of a vertex or frame if edges lead down, and what lies in it."""

    x: float
    y: float
    width: float
    height: float
    inner: _Placed | None

    def box(self, down: bool) -> Box:
        if down:
            return Box(_tenth(self.x), _tenth(self.y), self.width, self.height)
        return Box(_tenth(self.y), _tenth(self.x), self.height, self.width)


class _Placed:
    """A frame whose content has its places, as if edges led down: across is x, along is y.

    Args:
        frame: what is laid out.
        sizes: of the vertices.
        direction: where edges will lead to; sizes and the room for names are turned accordingly.
        effort: what ordering may cost for each vertex.
        like: the same frame laid out before, whose order is kept.
    """

    def __init__(
        self,
        frame: Frame,
        sizes: Mapping[str, tuple[float, float]],
        direction: Direction,
        effort: float,
        like: _Placed | None = None,
    ) -> None:
        self.frame = frame
        self.down = direction == "down"
        self.inner: dict[str, _Placed] = {
            name: _Placed(child, sizes, direction, effort, like and like.inner[name])
            for name, child in frame.frames.items()
        }
        self.sizes = [self._size(name, sizes) for name in frame.names]
        widths = [size[0] for size in self.sizes]
        edges = [self._edge(wire) for wire in frame.wires if wire not in frame.backward]
        pairs = [(edge.source, edge.target) for edge in edges]
        self.layers = with_bends(edges, rank(len(widths), pairs, frame.entries, frame.exits), widths)
        if like is None:
            order(self.layers, floor(effort * len(widths)))
        else:
            self.layers.rows[:] = like.layers.rows
        self.x = align(self.layers, widths)
        self._settle()

    def prefers_right(self) -> bool:
        """Tell whether the drawing would be shown larger on a page if edges led to the right."""
        scale = {}
        for down in (True, False):
            length, breadth = LAYER_GAP * max(len(self.layers.rows), 1), 1.0
            for row in self.layers.rows:
                spans = [self._span(vertex, down) for vertex in row if vertex < self.layers.real]
                length += max([along for _, along in spans], default=0)
                bends = BEND_GAP * (len(row) - len(spans))
                breadth = max(breadth, sum([across + GAP for across, _ in spans]) + bends)
            wide, high = (breadth, length) if down else (length, breadth)
            scale[down] = min(PAGE / wide, 1 / high)
        return scale[False] > scale[True]

    def _span(self, vertex: int, down: bool) -> tuple[float, float]:
        """Return what a vertex takes across and along; a frame is turned with what lies in it."""
        across, along = self.sizes[vertex]
        return (across, along) if down or self.frame.names[vertex] in self.inner else (along, across)

    def spread(self, x: float, y: float, spots: dict[str, _Spot]) -> None:
        """Write down the places of all that lies in the frame, given that of the frame."""
        spots[self.frame.name] = _Spot(x, y, self.width, self.height, self)
        for vertex, name in enumerate(self.frame.names):
            if vertex in self.frame.entries or vertex in self.frame.exits:
                continue
            left, top = x + self.left(vertex), y + self.top(vertex)
            if name in self.inner:
                self.inner[name].spread(left, top, spots)
            else:
                spots[name] = _Spot(left, top, *self.sizes[vertex], None)

    def left(self, vertex: int) -> float:
        return self.x[vertex] - self.sizes[vertex][0] / 2

    def top(self, vertex: int) -> float:
        row = self.layers.layer[vertex]
        return (self.tops[row] + self.bottoms[row]) / 2 - self.sizes[vertex][1] / 2

    def piece(self, wire: Wire) -> list[Point]:
        """Return the points of an edge within the frame, relative to its corner."""
        source, target, leaves, arrives = self._edge(wire)
        start = (self.x[source] + leaves, self.top(source) + self.sizes[source][1])
        end = (self.x[target] + arrives, self.top(target))
        if wire in self.frame.backward:
            return [start, end]
        first, last = self.layers.layer[source] + 1, self.layers.layer[target]
        points = [start]
        for row, bend in zip(range(first, last), self.layers.chains.get((source, leaves), ()), strict=False):
            points += [(self.x[bend], self.tops[row]), (self.x[bend], self.bottoms[row])]
        return [*points, end]

    def _edge(self, wire: Wire) -> Edge:
        return Edge(
            wire.source,
            wire.target,
            self._port(wire.source, wire.leaves),
            self._port(wire.target, wire.arrives),
        )

    def _port(self, vertex: int, port: str) -> float:
        """Return how far from the middle of a vertex a port lies: 0 if it is no frame."""
        if not port:
            return 0.0
        inner = self.inner[self.frame.names[vertex]]
        return inner.x[inner.frame.numbers[port]] - inner.width / 2

    def _size(self, name: str, sizes: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
        if name in self.inner:
            return self.inner[name].width, self.inner[name].height
        width, height = sizes.get(name, (0.0, 0.0))
        return (width, height) if self.down else (height, width)

    def _settle(self) -> None:
        """Give layers their places along, and move all to where the frame's corner is the origin."""
        framed = self.frame.name != ""
        header, padding = (HEADER, PADDING) if framed else (0.0, 0.0)
        before, beside = (header, padding) if self.down else (padding, header)
        self.tops, self.bottoms = [], []
        y = 0.0 if self.frame.entries else before
        for row in self.layers.rows:
            height = max([self.sizes[vertex][1] for vertex in row if vertex < self.layers.real], default=0.0)
            self.tops.append(y)
            self.bottoms.append(y + height)
            y += height + LAYER_GAP
        end = self.bottoms[-1] if self.bottoms else y
        self.height = end if self.frame.exits else end + padding
        reach = [size[0] / 2 for size in self.sizes] + [0.0] * (len(self.x) - len(self.sizes))
        left = min([x - half for x, half in zip(self.x, reach, strict=True)], default=0.0)
        self.x = [_tenth(x - left) + beside for x in self.x]
        right = max([x + half for x, half in zip(self.x, reach, strict=True)], default=beside)
        self.width = right + padding


def _route(course: Course, spots: Mapping[str, _Spot]) -> list[Point]:
    """Return the points of an edge: its pieces, from frame to frame."""
    points: list[Point] = []
    for frame, wire in course.pieces:
        spot = spots[frame]
        assert spot.inner is not None
        for x, y in spot.inner.piece(wire):
            point = (_tenth(spot.x + x), _tenth(spot.y + y))
            if not points or _apart(points[-1], point):
                points.append(point)
    return points


def _apart(one: Point, other: Point) -> bool:
    """Tell whether two points differ by more than rounding: pieces of an edge meet at the same one."""
    return abs(one[0] - other[0]) > JOINT or abs(one[1] - other[1]) > JOINT


def _turned(points: list[Point], down: bool) -> tuple[Point, ...]:
    return tuple(points) if down else tuple([(y, x) for x, y in points])


def _tenth(value: float) -> float:
    """Round as the page does: halves up."""
    return floor(value * 10 + 0.5) / 10
