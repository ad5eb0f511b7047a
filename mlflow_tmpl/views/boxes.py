"""Which box each vertex of a drawing lies in: namespaces, or else pipelines; as `web/src/model.ts`."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.views.graph import DatasetView, GraphView, NodeView, ParameterView

    Vertex = NodeView | DatasetView | ParameterView


@dataclass(slots=True)
class Box:
    """A box of a drawing.

    Attributes:
        id: ``box:`` and the whole name of the namespace or pipeline.
        label: what stands on it.
        parent: the box around it; empty at the top.
        children: ids of what lies directly in it: boxes, then vertices.
        nodes: how many nodes lie in it, however deep.
    """

    id: str
    label: str
    parent: str
    children: list[str] = field(default_factory=list)
    nodes: int = 0


def vertices(view: GraphView, *, parameters: bool = True) -> tuple[Vertex, ...]:
    """Return the vertices of a graph, in the order in which all drawings take them."""
    return (*view.nodes, *view.datasets, *(view.parameters if parameters else ()))


class Boxes:
    """The boxes of a graph; one around everything tells nothing and is left out.

    Attributes:
        boxes: by id, each after the one around it.
        parents: the box of each vertex and box that lies in one.
    """

    def __init__(self, view: GraphView) -> None:
        self.boxes: dict[str, Box] = {}
        self.parents: dict[str, str] = {}
        self._put_nodes(view)
        self._put_data(view)
        self._drop(len(view.nodes))
        for box in self.boxes.values():
            if box.parent:
                self.parents[box.id] = box.parent
                self.boxes[box.parent].children.append(box.id)
        for vertex in vertices(view):
            if vertex.id in self.parents:
                self.boxes[self.parents[vertex.id]].children.append(vertex.id)

    def around(self, id_: str) -> Iterator[str]:
        """Yield the boxes around a vertex or box, the innermost first."""
        box = self.boxes[id_].parent if id_ in self.boxes else self.parents.get(id_, "")
        while box:
            yield box
            box = self.boxes[box].parent

    def _put_nodes(self, view: GraphView) -> None:
        namespaced = any(node.namespace for node in view.nodes)
        pipelines = {name for node in view.nodes for name in node.pipelines}
        for node in view.nodes:
            if namespaced and node.namespace:
                self.parents[node.id] = self._namespace(node.namespace)
            elif not namespaced and len(pipelines) > 1 and len(node.pipelines) == 1:
                self.parents[node.id] = self._box(node.pipelines[0], node.pipelines[0], "")
            for box in self.around(node.id):
                self.boxes[box].nodes += 1

    def _put_data(self, view: GraphView) -> None:
        """Put what is no node into the innermost box that holds all nodes that make or take it."""
        shared: dict[str, list[str]] = {}
        nodes = {node.id for node in view.nodes}
        for edge in view.edges:
            node, other = (edge.source, edge.target) if edge.source in nodes else (edge.target, edge.source)
            boxes = list(self.around(node))
            shared[other] = [box for box in shared[other] if box in boxes] if other in shared else boxes
        self.parents |= {other: boxes[0] for other, boxes in shared.items() if boxes}

    def _drop(self, nodes: int) -> None:
        dropped = {box.id for box in self.boxes.values() if box.nodes == nodes}
        self.boxes = {id_: box for id_, box in self.boxes.items() if id_ not in dropped}
        for box in self.boxes.values():
            box.parent = "" if box.parent in dropped else box.parent
        self.parents = {id_: box for id_, box in self.parents.items() if box not in dropped}

    def _namespace(self, name: str) -> str:
        outer, _, label = name.rpartition(".")
        return self._box(name, label, self._namespace(outer) if outer else "")

    def _box(self, name: str, label: str, parent: str) -> str:
        id_ = f"box:{name}"
        if id_ not in self.boxes:
            self.boxes[id_] = Box(id_, label, parent)
        return id_
