"""A pipeline: an immutable set of nodes with an algebra and slices."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import PipelineError, UsageError, did_you_mean
from mlflow_tmpl.pipeline.names import PARAMETER_PREFIX, base_name, is_parameter, is_word, parameter_key
from mlflow_tmpl.pipeline.node import Node, rewired
from mlflow_tmpl.pipeline.notebook import bundle
from mlflow_tmpl.pipeline.order import CycleError, order, reach

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    import networkx

    from mlflow_tmpl.pipeline.condition import Condition
    from mlflow_tmpl.pipeline.options import NodeOptions
    from mlflow_tmpl.pipeline.selection import Selection

    Kept = str | Iterable[str] | Mapping[str, str]


class Pipeline:
    """An immutable set of nodes, in an order in which they can run.

    Args:
        nodes: nodes, functions marked with ``@node``, and pipelines, whose nodes are taken in.
        tags: words to add to every node.

    Attributes:
        nodes: the nodes, each after those that it needs, otherwise in the order given.
        needs: for each node, by position, the positions of the nodes that make its inputs.
        feeds: for each node, by position, the positions of the nodes that take its outputs.
        producers: dataset, without its ``@view``, to the position of the node that makes it.

    Raises:
        PipelineError: two nodes of one name, two nodes that make one dataset, a cycle (shown as its path), or a
            dataset that is used both with and without ``@view``.

    Example:
        >>> def double(x): return 2 * x
        >>> pipeline = Pipeline([Node(double, "b", "c", name="last"), Node(double, "a", "b", name="first")])
        >>> [node.name for node in pipeline]
        ['first', 'last']
        >>> pipeline.inputs, pipeline.outputs
        (('a',), ('c',))
    """

    def __init__(
        self, nodes: Iterable[Node | Pipeline | Callable[..., Any]] = (), *, tags: Iterable[str] = ()
    ) -> None:
        given = _flatten(nodes)
        if tags:
            given = {name: node.tagged(*tags) for name, node in given.items()}
        self._assemble(list(given.values()))

    def _assemble(self, given: list[Node]) -> None:
        producers: dict[str, int] = {}
        for position, node in enumerate(given):
            for output in node.outputs:
                name = base_name(output) if "@" in output else output
                if name in producers:
                    raise _two_producers(given[producers[name]], node, output)
                producers[name] = position
        needs = [_needs(node, producers) for node in given]
        try:
            ordered = order(needs)
        except CycleError as error:
            raise _cycle([given[position] for position in error.path]) from None
        if ordered != list(range(len(given))):
            moved = [0] * len(given)
            for new, old in enumerate(ordered):
                moved[old] = new
            given = [given[position] for position in ordered]
            needs = [sorted([moved[need] for need in needs[position]]) for position in ordered]
            producers = {name: moved[position] for name, position in producers.items()}
        self.nodes: Sequence[Node] = tuple(given)
        self.needs: list[list[int]] = needs
        self.producers: Mapping[str, int] = producers
        _check_views(given)

    @cached_property
    def feeds(self) -> list[list[int]]:
        """For each node, by position, the positions of the nodes that take its outputs."""
        feeds: list[list[int]] = [[] for _ in self.nodes]
        for position, needs in enumerate(self.needs):
            for need in needs:
                feeds[need].append(position)
        return feeds

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Node name to position."""
        return {node.name: position for position, node in enumerate(self.nodes)}

    @cached_property
    def consumers(self) -> Mapping[str, list[int]]:
        """Dataset, without its ``@view``, to the positions of the nodes that take it, in order."""
        consumers: dict[str, list[int]] = {}
        for position, node in enumerate(self.nodes):
            for name in dict.fromkeys(map(base_name, node.takes)):
                if not is_parameter(name):
                    consumers.setdefault(name, []).append(position)
        return consumers

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Datasets that nothing in the pipeline makes, as the nodes name them."""
        named = dict.fromkeys(name for node in self.nodes for name in node.takes)
        return tuple(
            name for name in named if not is_parameter(name) and base_name(name) not in self.producers
        )

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Datasets that nothing in the pipeline takes."""
        return tuple(
            name for node in self.nodes for name in node.outputs if base_name(name) not in self.consumers
        )

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """All datasets, as the nodes name them."""
        every = dict.fromkeys(name for node in self.nodes for name in (*node.takes, *node.outputs))
        return tuple(name for name in every if not is_parameter(name))

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Parameters that the nodes take, as ``params:key`` or ``parameters``."""
        every = dict.fromkeys(name for node in self.nodes for name in node.takes)
        return tuple(name for name in every if is_parameter(name))

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        return self.nodes[self._position(name)]

    def __contains__(self, name: object) -> bool:
        return name in self.positions

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and set(self.nodes) == set(other.nodes)

    def __hash__(self) -> int:
        return hash(frozenset(self.nodes))

    def __repr__(self) -> str:
        shown = ", ".join(node.name for node in self.nodes[:8])
        return f"Pipeline({shown}{', ...' if len(self) > 8 else ''})"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return bundle("pipeline", self)

    def _repr_html_(self) -> str | None:
        return bundle("pipeline", self).get("text/html")

    def __add__(self, other: Pipeline) -> Pipeline:
        """All nodes of both; the same node in both counts once."""
        return Pipeline([self, other]) if isinstance(other, Pipeline) else NotImplemented

    def __radd__(self, other: object) -> Pipeline:
        return self if other == 0 else NotImplemented

    __or__ = __add__

    def __sub__(self, other: Pipeline) -> Pipeline:
        """The nodes of this pipeline that the other one lacks."""
        if not isinstance(other, Pipeline):
            return NotImplemented
        gone = set(other.nodes)
        return Pipeline([node for node in self.nodes if node not in gone])

    def __and__(self, other: Pipeline) -> Pipeline:
        """The nodes that stand in both."""
        if not isinstance(other, Pipeline):
            return NotImplemented
        shared = set(other.nodes)
        return Pipeline([node for node in self.nodes if node in shared])

    def select(self, selection: Selection) -> Pipeline:
        """Return the part of the pipeline that a selection means.

        Raises:
            UsageError: it names a node, dataset, tag or namespace that is not there, or leaves nothing.
        """
        if not selection:
            return self
        kept = set(range(len(self.nodes)))
        for positions in self._narrowings(selection):
            kept &= positions
        if not kept:
            raise UsageError(
                f"nothing is left of the pipeline with {selection}", hint="loosen one of these options"
            )
        return Pipeline([self.nodes[position] for position in sorted(kept)])

    def _narrowings(self, selection: Selection) -> Iterator[set[int]]:
        down, up = self.feeds.__getitem__, self.needs.__getitem__
        if selection.from_nodes:
            yield reach([self._position(name) for name in selection.from_nodes], down)
        if selection.to_nodes:
            yield reach([self._position(name) for name in selection.to_nodes], up)
        if selection.nodes:
            yield {self._position(name) for name in selection.nodes}
        if selection.from_inputs:
            yield reach([taker for name in selection.from_inputs for taker in self._takers(name)], down)
        if selection.to_outputs:
            yield reach([self._maker(name) for name in selection.to_outputs], up)
        if selection.tags:
            known = {tag for node in self.nodes for tag in node.tags}
            wanted = {_known(tag, known, "tag") for tag in selection.tags}
            yield {position for position, node in enumerate(self.nodes) if wanted & node.tags}
        if selection.namespaces:
            spaces = {space for node in self.nodes for space in _spaces(node.namespace)}
            wanted = {_known(name, spaces, "namespace") for name in selection.namespaces}
            yield {i for i, node in enumerate(self.nodes) if not wanted.isdisjoint(_spaces(node.namespace))}

    def _position(self, name: str) -> int:
        return self.positions[_known(name, self.positions, "node")]

    def _takers(self, dataset: str) -> list[int]:
        return self.consumers[_known(base_name(dataset), self.consumers, "input dataset")]

    def _maker(self, dataset: str) -> int:
        return self.producers[_known(base_name(dataset), self.producers, "output dataset")]

    def with_namespace(
        self, namespace: str, *, inputs: Kept = (), outputs: Kept = (), parameters: Kept = ()
    ) -> Pipeline:
        """Return this pipeline as a part of a larger one: names of nodes, datasets and parameters led by `namespace`.

        Args:
            namespace: dotted words.
            inputs: free inputs that keep their names, or a mapping from names here to names outside.
            outputs: the same for outputs.
            parameters: the same for parameters, by key, without ``params:``.

        Raises:
            PipelineError: a name to keep that the pipeline does not have.
        """
        if not is_word(namespace):
            raise PipelineError(
                f"{namespace!r} is no name for a namespace", hint="use letters, digits, '_', '.', '-'"
            )
        kept = {**_kept(inputs), **_kept(outputs)}
        own = {base_name(name) for name in self.datasets}
        keys = {parameter_key(name) for name in self.parameters} - {""}
        kept_keys = {key.removeprefix(PARAMETER_PREFIX): to for key, to in _kept(parameters).items()}
        for name in kept:
            _known(name, own, "dataset", PipelineError)
        for name in kept_keys:
            _known(name, keys, "parameter", PipelineError)

        def renamed(name: str) -> str:
            if is_parameter(name):
                key = parameter_key(name)
                return (
                    PARAMETER_PREFIX + kept_keys.get(key, f"{namespace}.{key}").removeprefix(PARAMETER_PREFIX)
                    if key
                    else name
                )
            base, at, view = name.partition("@")
            return kept.get(base, f"{namespace}.{base}") + at + view

        return Pipeline(
            [
                node.renamed(renamed, f"{namespace}.{node.namespace}" if node.namespace else namespace)
                for node in self
            ]
        )

    def with_options(self, options: Callable[[Node], NodeOptions]) -> Pipeline:
        """Return this pipeline with nodes that are run in another way.

        Args:
            options: gives the options of a node.
        """
        chosen = [options(node) for node in self.nodes]
        other = copy(self)  # the wiring is the same, and so is all that follows from it
        other.nodes = tuple(
            [
                node if its is node.options else node.with_options(its)
                for node, its in zip(self.nodes, chosen, strict=True)
            ]
        )
        return other

    def with_conditions(self, conditions: Mapping[str, Condition]) -> Pipeline:
        """Return this pipeline with nodes that run on other conditions.

        Args:
            conditions: by name of the node.
        """
        return Pipeline(
            [
                rewired(node, over=node.over, when=conditions[node.name]) if node.name in conditions else node
                for node in self.nodes
            ]
        )

    def to_networkx(self) -> networkx.DiGraph:
        """Return a directed graph of nodes (by name) and ``("dataset", name)`` for analysis; each has a `kind`."""
        import networkx

        graph = networkx.DiGraph()
        for node in self.nodes:
            graph.add_node(node.name, kind="node", node=node)
            for name in node.takes:
                graph.add_node(("dataset", name), kind="parameter" if is_parameter(name) else "dataset")
                graph.add_edge(("dataset", name), node.name)
            for name in node.outputs:
                graph.add_node(("dataset", name), kind="dataset")
                graph.add_edge(node.name, ("dataset", name))
        return graph


def _flatten(items: Iterable[Node | Pipeline | Callable[..., Any]]) -> dict[str, Node]:
    named: dict[str, Node] = {}
    for item in items:
        for node in item.nodes if isinstance(item, Pipeline) else (item,):
            made = node if isinstance(node, Node) else getattr(node, "__mlo_node__", None)
            if not isinstance(made, Node):
                raise PipelineError(
                    f"a pipeline is made of nodes, not {type(node).__name__} {node!r:.80}",
                    hint="mark the function with @node, or give Node(function, inputs=..., outputs=...)",
                )
            known = named.setdefault(made.name, made)
            if known is not made and known != made:
                raise made.error(
                    f"two nodes are named {made.name!r}; the other is at {known.where}",
                    hint="give one of them name=",
                )
    return named


def _needs(node: Node, producers: Mapping[str, int]) -> list[int]:
    found = []
    for name in node.takes:
        maker = producers.get(base_name(name) if "@" in name else name)
        if maker is not None and maker not in found:
            found.append(maker)
    return found


def _check_views(nodes: list[Node]) -> None:
    """Refuse a dataset that is used both as ``x`` and as ``x@view``."""
    views = {name for node in nodes for name in (*node.takes, *node.outputs) if "@" in name}
    if not views:
        return
    bases = {base_name(name): name for name in sorted(views)}
    for node in nodes:
        for name in (*node.takes, *node.outputs):
            if name in bases:
                raise node.error(
                    f"dataset {name!r} is used beside {bases[name]!r} in one pipeline",
                    hint=f"give every use of {name!r} its @view, or none",
                )


def _two_producers(first: Node, second: Node, output: str) -> PipelineError:
    return second.error(
        f"dataset {base_name(output)!r} is made by node {first.name!r} ({first.where}) and by node {second.name!r}",
        hint="one dataset has one producer: rename one of the outputs",
    )


def _cycle(path: list[Node]) -> PipelineError:
    steps = []
    for taker, maker in itertools.pairwise(path):
        made = {base_name(name) for name in maker.outputs}
        link = next(name for name in taker.takes if base_name(name) in made)
        steps.append((maker.name, link))
    shown = " -> ".join(f"{name} -> [{link}]" for name, link in reversed(steps))
    return path[0].error(
        f"nodes need each other: {shown} -> {steps[-1][0]}", hint="break the circle at one of these datasets"
    )


def _known(
    name: str, known: Collection[str], what: str, error: type[PipelineError | UsageError] = UsageError
) -> str:
    if name in known:
        return name
    raise error(
        f"there is no {what} {name!r} in the pipeline", hint=did_you_mean(name, known) or _some(known, what)
    )


def _some(known: Iterable[str], what: str) -> str:
    names = sorted(known)
    return (
        f"it has {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else f"it has no {what}"
    )


def _kept(names: Kept) -> dict[str, str]:
    if isinstance(names, str):
        return {names: names}
    return dict(names) if isinstance(names, Mapping) else {name: name for name in names}


def _spaces(namespace: str | None) -> list[str]:
    """Return a namespace and all that it lies in: ``a.b`` gives ``a.b`` and ``a``."""
    found = []
    while namespace:
        found.append(namespace)
        namespace = namespace.rpartition(".")[0]
    return found
