"""Map nodes: one node over the parts of an input. Each item is a node of its own; one more collects what they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.collected import Collected
from mlflow_tmpl.catalog.parts import has_parts, parts_of
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import CatalogError, NodeError, PipelineError
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.pipeline.names import base_name, is_parameter, item_name
from mlflow_tmpl.pipeline.node import rewired
from mlflow_tmpl.pipeline.signature import is_generator_function
from mlflow_tmpl.planning.arguments import BoundParameter, counted_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.catalog import Catalog

    Bound = Mapping[str, BoundParameter]

_FORBIDDEN = "@[]"


def check_maps(pipeline: Pipeline, catalog: Catalog) -> None:
    """Check that each map node goes over something that has parts.

    Raises:
        PipelineError: its function yields.
        CatalogError: the dataset that it goes over has none.
    """
    for node in pipeline.nodes if any(node.over for node in pipeline.nodes) else ():
        if not node.over:
            continue
        if is_generator_function(node.func):
            raise PipelineError(
                f"node {node.name!r} goes over {node.over!r}, and its function yields",
                where=node.where,
                hint="return instead of yielding: each item is one call",
            )
        name = node.inputs[node.over]
        if not is_parameter(name) and not catalog.is_memory(name) and not has_parts(catalog, name):
            raise CatalogError(
                f"node {node.name!r} goes over dataset {name!r}, which has no parts",
                where=catalog.where(name) or node.where,
                hint="give it 'type: partitioned' and a folder, or keep a dict or list in memory",
            )


def saved_items(node: Node, catalog: Catalog, bound: Bound) -> list[str] | None:
    """Return the names of a map node's items; ``None`` where only a value in memory can tell.

    Raises:
        MloError: they have no names, or one twice.
    """
    name = node.inputs[node.over]
    if is_parameter(name):
        return _checked(node, list(bound[node.over].items)) if node.over in bound else []
    return None if catalog.is_memory(name) else _checked(node, parts_of(catalog, name))


def value_items(node: Node, value: Any) -> dict[str, Any]:
    """Return the items of a value in memory by their names: the keys of a dict, the positions in a list.

    Raises:
        NodeError: it is neither.
    """
    if isinstance(value, Mapping):
        found = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        found = [(str(position), item) for position, item in enumerate(value)]
    else:
        raise NodeError(
            f"it goes over {node.over!r}, which is a {type(value).__name__} and has no items",
            where=node.where,
            hint="give it a dict or a list",
        )
    _checked(node, [name for name, _ in found])
    return dict(found)


def _checked(node: Node, names: list[str]) -> list[str]:
    for name in names:
        if any(sign in name for sign in _FORBIDDEN) or not name:
            raise NodeError(
                f"an item of node {node.name!r} cannot be called {name!r}",
                where=node.where,
                hint=f"leave out {', '.join(_FORBIDDEN)}",
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise NodeError(
            f"two items of node {node.name!r} are called {twice!r}",
            where=node.where,
            hint="give each value once, or a mapping with a name for each",
        )
    return names


@dataclass(frozen=True, slots=True)
class Collect:
    """The function of the node that collects what items have given.

    Attributes:
        outputs: those of the map node, each with whether its parts are saved one by one.
        items: names.
        single: whether the one output is returned as it is.
    """

    outputs: tuple[tuple[str, bool], ...]
    items: tuple[str, ...]
    single: bool

    def __call__(self, **values: Any) -> Any:
        """Return a dict for each output, or what says that its parts are saved."""
        made = tuple(
            Collected(self.items) if saved else {item: values[item_name(name, item)] for item in self.items}
            for name, saved in self.outputs
        )
        return made[0] if self.single else (made or None)


def item_of(node: Node, item: str) -> Node:
    """Return the node that one item of a map node is."""
    inputs = {
        argument: item_name(name, item) if argument == node.over and not is_parameter(name) else name
        for argument, name in node.inputs.items()
    }
    outputs = tuple(item_name(name, item) for name in node.outputs)
    return rewired(node, name=f"{node.name}[{item}]", item=item, inputs=inputs, outputs=outputs)


def collector_of(node: Node, items: Sequence[str], catalog: Catalog) -> Node:
    """Return the node that collects what the items of a map node have given."""
    outputs = tuple((name, not catalog.is_memory(item_name(name, "x"))) for name in node.outputs)
    taken = [item_name(name, item) for name, saved in outputs if not saved for item in items]
    several = len(outputs) > 1
    return rewired(
        node,
        func=Collect(outputs, tuple(items), bool(outputs) and not several),
        inputs={name: name for name in taken},
        positional=(),
        returned_keys=None,
        several=several,
        optional=frozenset(),
    )


def item_parameters(node: Node, bound: Bound, item: str) -> Bound:
    """Return the parameters of one item."""
    if not is_parameter(node.inputs[node.over]):
        return bound
    whole = bound[node.over]
    source = whole.items[item]
    value = whole.value[item] if isinstance(whole.value, Mapping) else whole.value
    return {**bound, node.over: BoundParameter(whole.key, value, counted_text(source), source)}


class Growing(Pipeline):
    """A pipeline that takes in the items of its map nodes while it is planned or run.

    What is asked about it as a whole, its datasets, inputs and outputs, stays what it was.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        nodes: list[Node],
        producers: dict[str, int],
        consumers: dict[str, list[int]],
    ) -> None:
        self.nodes = nodes
        self.needs = [list(needs) for needs in pipeline.needs]
        self.producers = producers
        self.__dict__.update(
            feeds=[list(feeds) for feeds in pipeline.feeds],
            positions=pipeline.positions,
            consumers=consumers,
            inputs=pipeline.inputs,
            outputs=pipeline.outputs,
            datasets=pipeline.datasets,
            parameters=pipeline.parameters,
        )


class Unfolding:
    """The items of the map nodes of a pipeline, as far as they are known.

    Args:
        pipeline: the nodes.
        catalog: their datasets.
        parameters: for each node the parameters that it takes.
        demands: for each node the nodes that give it values in memory, and which.

    Attributes:
        pipeline: with the items that were taken in.
        parameters, demands: the same for these.
        items: map node to the positions of its items.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        parameters: Sequence[Bound],
        demands: Sequence[Mapping[int, Sequence[str]]],
    ) -> None:
        self._nodes = list(pipeline.nodes)
        self._producers = dict(pipeline.producers)
        self._consumers = dict(pipeline.consumers)
        self.pipeline = Growing(pipeline, self._nodes, self._producers, self._consumers)
        self.parameters = list(parameters)
        self.demands = list(demands)
        self.items: dict[int, range] = {}
        self._catalog = catalog
        self._plain = len(pipeline)
        self._demands: dict[int, Mapping[int, Sequence[str]]] = {}

    def names(self, position: int) -> list[str] | None:
        """Return the names of a map node's items; ``None`` where only a value in memory can tell."""
        return saved_items(self.pipeline.nodes[position], self._catalog, self.parameters[position])

    def unfold(self, position: int, names: Sequence[str]) -> range:
        """Take in the items of a map node, and return their positions."""
        graph, nodes, node = self.pipeline, self._nodes, self._nodes[position]
        over = node.inputs[node.over]
        makers = {maker: taken for maker, taken in self.demands[position].items() if list(taken) != [over]}
        first = len(nodes)
        for number, name in enumerate(names, first):
            item = item_of(node, name)
            nodes.append(item)
            graph.needs.append([])
            graph.feeds.append([position])
            graph.needs[position].append(number)
            self._producers.update((base_name(output), number) for output in item.outputs)
            self._consumers.update((base_name(output), [position]) for output in item.outputs)
            self.parameters.append(item_parameters(node, self.parameters[position], name))
            self.demands.append(makers)
        added = self.items[position] = range(first, len(nodes))
        self._demands[position] = self.demands[position]
        self.demands[position] = {number: nodes[number].outputs for number in added}
        return added

    def fold(self) -> None:
        """Forget all items: what was planned is looked at again when it is run."""
        graph, plain = self.pipeline, self._plain
        for node in self._nodes[plain:]:
            for output in node.outputs:
                self._producers.pop(base_name(output), None)
                self._consumers.pop(base_name(output), None)
        for position, makers in self._demands.items():
            self.demands[position] = makers
            graph.needs[position] = [need for need in graph.needs[position] if need < plain]
        grown: list[list[Any]] = [self._nodes, graph.needs, graph.feeds, self.parameters, self.demands]
        for each in grown:
            del each[plain:]
        self.items.clear()
        self._demands.clear()
