"""The nodes that can start, in the order in which they do, as far as their engine and the machine have room."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.engine.engines import Engines
    from mlflow_tmpl.engine.executor import Executor
    from mlflow_tmpl.engine.machine import Machine
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.pipeline.options import NodeOptions, Resources


class _Lane:
    """Nodes of one engine that take the same of the machine: where one of them finds no room, none does."""

    __slots__ = ("executor", "heap", "seats", "taken")

    def __init__(self, executor: Executor, taken: list[int], seats: Resources | None) -> None:
        self.executor = executor
        self.taken = taken
        self.seats = seats
        self.heap: list[float] = []

    def comes_before(self, other: _Lane) -> bool:
        """Tell whose first node starts first; one that runs in this very thread lets nothing start meanwhile."""
        return (self.executor.blocks, self.heap[0]) < (other.executor.blocks, other.heap[0])


class Ready:
    """Ready nodes, a queue for each engine and each claim on the machine; those are few, whatever the graph's size.

    Args:
        pipeline: the nodes.
        engines: where they run.
        machine: what nodes take a part of, where their engine does not see to that itself.
        ranks: for each node its place in the order, no two the same; as in the pipeline if not given.
    """

    def __init__(
        self, pipeline: Pipeline, engines: Engines, machine: Machine, ranks: Sequence[int] | None = None
    ) -> None:
        self._nodes = pipeline.nodes
        self._engines = engines
        self._machine = machine
        self._ranks = ranks if ranks is not None else range(len(pipeline))
        self._ranked = (
            sorted(range(len(pipeline)), key=self._ranks.__getitem__) if ranks is not None else None
        )
        self._count = len(pipeline)
        self._item_ranks: dict[int, float] = {}
        self._items: dict[float, int] = {}
        self._taken: dict[str, list[int]] = {}
        self._lanes: dict[tuple[str, Resources], _Lane] = {}
        self._known: dict[int, _Lane] = {}
        self._waiting = 0
        self._here: set[int] = set()

    def __len__(self) -> int:
        return self._waiting

    def put(self, position: int) -> None:
        """Add a node."""
        rank = self._ranks[position] if position < self._count else self._item_ranks[position]
        heappush(self._lane(position).heap, rank)
        self._waiting += 1

    def bring_home(self, position: int) -> None:
        """Have a node run in this process from now on."""
        self._here.add(position)

    def engine_of(self, position: int) -> str:
        """Return the engine that a node runs on."""
        if position in self._here:
            return "inline"
        return self._nodes[position].options.engine or self._engines.default

    def unfold(self, position: int, items: range) -> None:
        """Take in the items of a map node: they have its place in the order, one after the other."""
        first = self._ranks[position]
        for number, item in enumerate(items, 1):
            rank = self._item_ranks[item] = first + number / (len(items) + 1)
            self._items[rank] = item

    def take(self) -> tuple[int, Executor] | None:
        """Take the first node that there is room for, and say where it runs; ``None`` if there is none."""
        first: _Lane | None = None
        for lane in self._lanes.values():
            room = (
                lane.heap
                and lane.taken[0] < lane.executor.slots
                and (lane.seats is None or self._machine.has_room(lane.seats))
            )
            if room and (first is None or lane.comes_before(first)):
                first = lane
        if first is None:
            return None
        self._waiting -= 1
        first.taken[0] += 1
        if first.seats is not None:
            self._machine.take(first.seats)
        rank = heappop(first.heap)
        if rank in self._items:
            return self._items[rank], first.executor
        place = int(rank)
        return (self._ranked[place] if self._ranked is not None else place), first.executor

    def give_back(self, position: int) -> None:
        """Say that a node that was taken no longer runs: another one has its place."""
        lane = self._lane(position)
        lane.taken[0] -= 1
        if lane.seats is not None:
            self._machine.give_back(lane.seats)

    def _lane(self, position: int) -> _Lane:
        if position in self._here:
            return self._opened(self._nodes[position].options.changed({"engine": "inline"}))
        options = self._nodes[position].options
        lane = self._known.get(id(options))  # most nodes share one object, and its hash takes a while
        if lane is None:
            lane = self._known[id(options)] = self._opened(options)
        return lane

    def _opened(self, options: NodeOptions) -> _Lane:
        engine = options.engine or self._engines.default
        lane = self._lanes.get((engine, options.resources))
        if lane is None:
            executor = self._engines[engine]
            taken = self._taken.setdefault(engine, [0])
            seats = options.resources if options.resources and not executor.seats else None
            lane = self._lanes[engine, options.resources] = _Lane(executor, taken, seats)
        return lane
