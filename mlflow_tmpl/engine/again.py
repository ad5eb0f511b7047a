"""Values that went with their worker are made again by the nodes that made them, as far up as need be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.pipeline.names import base_name, is_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_tmpl.engine.memory import Values
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.planning.frontier import Frontier


class Again:
    """Knows which nodes run again for the sake of a value; what they saved the first time stays as it is.

    Args:
        pipeline: the nodes.
        values: what lives in memory.
        in_memory: for each dataset whether it does.
        frontier: which nodes are done.

    Attributes:
        happened: whether anything was ever lost.
    """

    def __init__(
        self, pipeline: Pipeline, values: Values, in_memory: Mapping[str, bool], frontier: Frontier
    ) -> None:
        self._nodes = pipeline.nodes
        self._values = values
        self._in_memory = in_memory
        self._frontier = frontier
        self._makers: dict[str, int] = {}
        self._collecting: dict[int, Node] = {}
        self._know(range(len(pipeline.nodes)))
        self._running: set[int] = set()
        self.happened = False

    def _know(self, positions: range) -> None:
        for position in positions:
            made = filter(self._in_memory.__getitem__, self._nodes[position].outputs)
            self._makers.update((base_name(name), position) for name in made)

    def unfold(self, position: int, items: range, collector: Node) -> None:
        """Take in the items of a map node, which from now on takes what they give."""
        self._know(items)
        self._collecting[position] = collector

    def __contains__(self, position: int) -> bool:
        return position in self._running

    def lacks(self, position: int) -> bool:
        """Tell whether something that a node takes in memory has gone, and is to be made again."""
        return any(
            not self._values.has(name) and self._makers.get(base_name(name)) in self._running
            for name in self._taken(position)
        )

    def make(self, position: int) -> None:
        """Have all made again that a node takes and that is gone."""
        self.happened = True
        stack = [position]
        while stack:
            for name in self._taken(stack.pop()):
                if self._values.has(name):
                    continue
                self._values.lose(name)
                maker = self._makers.get(base_name(name))
                if maker is None or not self._frontier.done[maker]:
                    continue
                self._frontier.undo(maker)
                self._running.add(maker)
                for taken in self._taken(maker):
                    self._values.take_back(taken)
                stack.append(maker)

    def done(self, position: int) -> None:
        """Note that a node has run again."""
        self._running.discard(position)

    def _taken(self, position: int) -> Iterator[str]:
        node = self._collecting.get(position) or self._nodes[position]
        for name in node.inputs.values():
            if not is_parameter(name) and self._in_memory[name]:
                yield name
