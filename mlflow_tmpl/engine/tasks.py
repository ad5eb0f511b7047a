"""What a node is called with: made when it starts, put back when it could not be called, let go when it has ended."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.engine.handles import ValueGone
from mlflow_tmpl.engine.offering import Costs, Offering
from mlflow_tmpl.engine.task import Task, ValuesLost
from mlflow_tmpl.errors import DataError
from mlflow_tmpl.pipeline.names import is_parameter, item_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.engine.capture import Capture
    from mlflow_tmpl.engine.decisions import Decisions
    from mlflow_tmpl.engine.memory import Values
    from mlflow_tmpl.engine.task import Outcome
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.planning import BoundParameter
    from mlflow_tmpl.store.keeping import Keeper


class Tasks:
    """Makes the tasks of a run.

    A node that leaves this process, or that may be called again, gets values that stay counted as taken by nobody
    until it has ended: what one attempt does to its arguments never reaches the next.

    Args:
        pipeline: the nodes.
        catalog: their datasets.
        parameters: for each node the parameters that it takes.
        decisions: what is done about each node.
        demands: for each node the nodes that give it values in memory, and which.
        values: what lives in memory.
        recorded: whether the content of what is saved is fingerprinted.
        keeper: keeps values that take long to make; ``None`` if none are kept.
        capture: keeps what nodes print.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        parameters: Sequence[Mapping[str, BoundParameter]] | None,
        decisions: Decisions,
        demands: Sequence[Mapping[int, Sequence[str]]],
        values: Values,
        *,
        recorded: bool,
        keeper: Keeper | None,
        capture: Capture | None,
    ) -> None:
        self._nodes = pipeline.nodes
        self._catalog = catalog
        self._parameters = parameters
        self._decisions = decisions
        self._values = values
        self._recorded = recorded
        self._keeper = keeper
        self._capture = capture
        self._costs = Costs(demands)
        self._lent: set[int] = set()
        self._collectors: dict[int, Node] = {}
        self._over: dict[int, str] = {}
        self.in_memory = {name: catalog.is_memory(name) for name in pipeline.datasets}

    def make(self, position: int, *, remote: bool, saving: bool = True) -> Task:
        """Return a node with all that it is called with.

        Args:
            position: of the node.
            remote: whether it is called in another process, which has what it gets for itself.
            saving: whether it saves; if not, it did that before.

        Raises:
            DataError: a value cannot be copied for this taker.
            ValuesLost: a value went with its worker; nothing is taken.
        """
        node, in_memory, again = self._node(position), self.in_memory, False
        if remote or node.options.retries.count:
            again = not remote
            self._lent.add(position)
        take = self._values.lend if remote else self._values.copy if again else self._values.take
        values: dict[str, Any] = {}
        loads: list[tuple[str, str, str]] = []
        kept: list[tuple[str, Callable[[], Any]]] = []
        for argument, name in node.inputs.items():
            if is_parameter(name):
                bound = self._parameters[position].get(argument) if self._parameters else None
                if bound is not None:
                    values[argument] = deepcopy(bound.value) if again else bound.value
            elif self._decisions.is_left_out(name):
                continue
            elif node.item and self._is_lost(position, argument, name):
                raise DataError(
                    f"its item {node.item!r} went with a worker that ended",
                    where=node.where,
                    hint="run again; what a node goes over is safe from that in a partitioned dataset",
                )
            elif in_memory[name] and (self._keeper is None or name in self._values):
                try:
                    values[argument] = take(name)
                except ValueGone as gone:
                    self._put_some_back(position, values, [argument for argument, _ in kept])
                    raise ValuesLost({}) from gone
            elif in_memory[name]:
                assert self._keeper is not None
                kept.append((argument, partial(self._keeper.kept.load, self._decisions.expected(name))))
                if position not in self._lent:
                    self._values.pass_by(name)
            else:
                loads.append((argument, name, self._decisions.expected(name)))
        keeps = [name for name in node.outputs if in_memory[name]]
        saves = [name for name in node.outputs if not in_memory[name]] if saving else []
        if saves and self._decisions.standing(position) is not None:
            saves = []
        offering = self._offering(position, keeps)
        task = Task(
            node, self._catalog, values, loads, saves, keeps, self._recorded, self._capture, kept, offering
        )
        if remote:
            self._say_who_takes(task)
        return task

    def _say_who_takes(self, task: Task) -> None:
        """Tell an engine whose workers have values which of them can stay where they are."""
        node, known = task.node, self._values
        task.stays = frozenset(name for name in task.keeps if known.has_one_taker(name))
        if not node.options.retries.count:
            task.spent = frozenset(
                argument
                for argument in task.values
                if not is_parameter(node.inputs[argument]) and known.is_last(node.inputs[argument])
            )

    def items(self, position: int) -> tuple[list[str], dict[str, Any]]:
        """Return the names of a map node's items, and the values of those that live in memory, by dataset.

        Raises:
            MloError: there are none, or one has no name.
            ValueGone: the value went with its worker.
            Lost: it was kept, and cannot be read.
        """
        from mlflow_tmpl.planning.items import value_items

        node = self._nodes[position]
        names = self._decisions.items(position)
        if names is not None:
            return names, {}
        whole = node.inputs[node.over]
        if whole in self._values:
            value = self._values.take(whole)
        else:
            assert self._keeper is not None
            value = self._keeper.kept.load(self._decisions.expected(whole))
            self._values.pass_by(whole)
        found = value_items(node, value)
        return list(found), {item_name(whole, item): part for item, part in found.items()}

    def unfold(self, position: int, items: range, names: Sequence[str], values: dict[str, Any]) -> Node:
        """Take in the items of a map node, and return what it is called as from now on: it collects what they give.

        Args:
            position: of the map node.
            items: positions.
            names: of the items.
            values: their parts of a value in memory.
        """
        from mlflow_tmpl.planning.items import collector_of

        node = self._nodes[position]
        collector = self._collectors[position] = collector_of(node, names, self._catalog)
        added = [self._nodes[item] for item in items]
        self._over.update(dict.fromkeys(items, node.over))
        for each in added:
            for name in (*each.inputs.values(), *each.outputs):
                if name not in self.in_memory and not is_parameter(name):
                    self.in_memory[name] = self._catalog.is_memory(name)
        self._values.expect([*added, collector])
        for argument, name in node.inputs.items():
            if not is_parameter(name) and not (argument == node.over and self.in_memory[name]):
                self._values.pass_by(name)
        self._values.put(values)
        return collector

    def put_back(self, position: int, given: Mapping[str, Any]) -> None:
        """Take back what a node was given that could not be called for want of the rest."""
        if position in self._lent:
            self._lent.discard(position)
            return
        for argument, name in self._taken(position):
            if argument in given:
                self._values.put({name: given[argument]})
            self._values.take_back(name)

    def _put_some_back(self, position: int, given: Mapping[str, Any], kept: Sequence[str]) -> None:
        """Take back what a node was given before it turned out that the rest is gone."""
        lent = position in self._lent
        self._lent.discard(position)
        for argument, name in () if lent else self._taken(position):
            if argument in given:
                self._values.put({name: given[argument]})
            if argument in given or argument in kept:
                self._values.take_back(name)

    def let_go(self, position: int) -> None:
        """Count a node that has ended as having taken what was lent to it."""
        if position in self._lent:
            self._lent.discard(position)
            for _, name in self._taken(position):
                self._values.pass_by(name)

    def keep(self, position: int, outcome: Outcome) -> None:
        """Hand on what a node has offered, if what it was made from is what its key says."""
        bundle, outcome.bundle, kept = outcome.bundle, None, False
        keeper = self._keeper
        sure = self._decisions.parts(position) is not None and not outcome.moved
        if keeper is not None and sure and (bundle is not None or keeper.kept.rows):
            outputs = filter(self.in_memory.__getitem__, self._node(position).outputs)
            kept = keeper.keep({name: self._decisions.expected(name) for name in outputs}, bundle)
        self._costs.ran(position, outcome.duration_s, kept=kept)

    def _is_lost(self, position: int, argument: str, name: str) -> bool:
        """Tell whether the part of a value in memory that an item is to take is nowhere any more."""
        return (
            argument == self._over[position] and self.in_memory.get(name, False) and name not in self._values
        )

    def _node(self, position: int) -> Node:
        """Return the node that is called: of a map node whose items have run, the one that collects."""
        return self._collectors.get(position) or self._nodes[position]

    def _offering(self, position: int, outputs: Sequence[str]) -> Offering | None:
        """Return what a task needs to offer values; ``None`` where nothing tells what they are the values of."""
        if self._keeper is None or not outputs or self._decisions.parts(position) is None:
            return None
        options = self._nodes[position].options
        modes = {name: self._catalog.keep_mode(name) or options.keep for name in outputs}
        return Offering(self._keeper.appraiser, modes, self._costs.above(position)) if options.reuse else None

    def _taken(self, position: int) -> Iterator[tuple[str, str]]:
        """Yield argument and name of the values in memory that a node takes."""
        for argument, name in self._node(position).inputs.items():
            if not is_parameter(name) and self.in_memory[name]:
                yield argument, name
