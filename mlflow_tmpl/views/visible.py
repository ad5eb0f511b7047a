"""What of a graph is drawn: closed boxes stand for all that lies in them; as `web/src/visible.ts`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.views.boxes import vertices

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from mlflow_tmpl.views.boxes import Boxes
    from mlflow_tmpl.views.graph import GraphView

READABLE = 150
"""Vertices up to which a drawing shows all there is; above, boxes start closed and parameters hidden."""


@dataclass(frozen=True, slots=True)
class Visible:
    """What is drawn.

    Attributes:
        ids: of vertices and closed boxes, in the order of the model.
        edges: source and target, each pair once.
        parents: the open box that each of them, and each open box, lies in.
    """

    ids: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    parents: Mapping[str, str]


def readable(view: GraphView) -> bool:
    """Tell whether a graph can be read as a whole."""
    return len(vertices(view)) <= READABLE


def visible(view: GraphView, boxes: Boxes, opened: Set[str], *, parameters: bool) -> Visible:
    """Return what is drawn.

    Args:
        view: the graph.
        boxes: its boxes.
        opened: ids of open boxes.
        parameters: whether parameters are drawn.
    """
    stands: dict[str, str] = {}
    parents: dict[str, str] = {}
    for vertex in vertices(view, parameters=parameters):
        path = [vertex.id, *boxes.around(vertex.id)]
        closed = [at for at, box in enumerate(path) if at and box not in opened]
        path = path[closed[-1] :] if closed else path
        stands[vertex.id] = path[0]
        for inner, outer in pairwise(path):
            parents.setdefault(inner, outer)
    pairs = [
        (stands[edge.source], stands[edge.target])
        for edge in view.edges
        if edge.source in stands and edge.target in stands
    ]
    edges = dict.fromkeys([pair for pair in pairs if pair[0] != pair[1]])
    return Visible(tuple(dict.fromkeys(stands.values())), tuple(edges), parents)


def everything(view: GraphView, boxes: Boxes) -> Visible:
    """Return all there is, all boxes open."""
    return visible(view, boxes, boxes.boxes.keys(), parameters=True)


def seen_first(
    view: GraphView, boxes: Boxes, *, parameters: bool | None = None, expand: bool = False
) -> Visible:
    """Return what is drawn when nobody has opened or closed anything.

    Args:
        view: the graph.
        boxes: its boxes.
        parameters: whether parameters are drawn; by default if there is room for them.
        expand: whether all boxes are open; by default those that leave the drawing readable.
    """
    chosen = readable(view) if parameters is None else parameters
    opened = boxes.boxes.keys() if expand else first_open(view, boxes, parameters=chosen)
    return visible(view, boxes, opened, parameters=chosen)


def contents(seen: Visible) -> dict[str, list[str]]:
    """Return what lies directly in each open box, by its id: vertices and boxes; the empty id for the drawing."""
    found: dict[str, list[str]] = {"": []}
    for id_ in seen.ids:
        inner = id_
        while True:
            outer = seen.parents.get(inner, "")
            known = outer in found
            found.setdefault(outer, []).append(inner)
            if known:
                break
            inner = outer
    return found


def first_open(view: GraphView, boxes: Boxes, *, parameters: bool) -> set[str]:
    """Return the boxes that are open at first: level by level from outside, as long as what is seen can be read."""
    opened: set[str] = set()
    level = [box.id for box in boxes.boxes.values() if not box.parent]
    while level:
        wider = {*opened, *level}
        if len(visible(view, boxes, wider, parameters=parameters).ids) > READABLE:
            break
        opened = wider
        level = [child for box in level for child in boxes.boxes[box].children if child in boxes.boxes]
    return opened
