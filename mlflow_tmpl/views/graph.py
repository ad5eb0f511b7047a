"""The model that every drawing of a pipeline is made from: plain, frozen, and the same for all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.pipeline.names import base_name, is_parameter, parameter_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow_tmpl.pipeline import Node, Pipeline

SCHEMA = 1
"""Number of the model's shape; it grows when a field changes its meaning or goes."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the ledger knows of a node's last run.

    Attributes:
        status: a word of the ledger.
        duration_s: how long it took; ``None`` if it did not run.
        ended_at: when it ended, in ISO 8601; empty if it did not.
        reasons: why it ran, or was reused.
        error: what went wrong, or empty.
        attempt: how often it was begun in that run; 0 if it was not.
        calls: how its last calls went, the latest last.
        log: the end of what the last of them printed.
    """

    status: str
    duration_s: float | None = None
    ended_at: str = ""
    reasons: tuple[str, ...] = ()
    error: str = ""
    attempt: int = 0
    calls: tuple[CallView, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call of a node in some run.

    Attributes:
        run: id of the run.
        status: a word of the ledger.
        duration_s: how long it took.
        ended_at: when it ended, in ISO 8601.
    """

    run: str
    status: str
    duration_s: float
    ended_at: str


@dataclass(frozen=True, slots=True)
class Wire:
    """An argument of a node's function, or one of its outputs, and the dataset that it is wired to.

    Attributes:
        argument: the argument's name; for an output the key of the returned mapping, or empty.
        dataset: the dataset as the node names it, with its ``@view``.
        id: the dataset's vertex.
    """

    argument: str
    dataset: str
    id: str


@dataclass(frozen=True, slots=True)
class ParameterWire:
    """An argument of a node's function that takes a parameter.

    Attributes:
        argument: the argument's name.
        key: the parameter's dotted key; empty for all of them.
        value: its value.
        id: the parameter's vertex.
    """

    argument: str
    key: str
    value: Any
    id: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node and its last run.

    Attributes:
        id: ``node:`` and the name.
        pipelines: names of the registered pipelines that it belongs to.
        doc: the function's docstring.
        code: the function's source text; empty unless asked for.
        signature: arguments and result as written; empty unless asked for.
        where: ``file:line`` of the function.
        options: how it is run.
        status: a word of the ledger; empty for a node that was never run.
        attempt: how often its last run began it; 0 if it did not.
        calls: how its last calls went, the latest last; empty unless asked for.
        log: the end of what the last of them printed; empty unless asked for.
    """

    id: str
    name: str
    short_name: str
    namespace: str
    pipelines: tuple[str, ...]
    tags: tuple[str, ...]
    doc: str
    code: str
    signature: str
    where: str
    inputs: tuple[Wire, ...]
    outputs: tuple[Wire, ...]
    parameters: tuple[ParameterWire, ...]
    options: Mapping[str, Any]
    status: str = ""
    duration_s: float | None = None
    ended_at: str = ""
    reasons: tuple[str, ...] = ()
    error: str = ""
    attempt: int = 0
    calls: tuple[CallView, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class DatasetView:
    """A dataset; ``x@pandas`` and ``x@polars`` are one.

    Attributes:
        id: ``data:`` and the name.
        type: what the catalog calls its kind.
        path: where it lies, or empty.
        layer: the layer that the catalog puts it in, or empty.
        memory: whether it lives only during a run.
        exists: whether there is something to load; ``None`` if nobody asked.
        where: ``file:line`` of its catalog entry, or empty.
        details: the rest of what the catalog tells.
        preview: what is in it, as an HTML element; empty unless asked for.
    """

    id: str
    name: str
    type: str
    path: str
    layer: str
    memory: bool
    exists: bool | None
    where: str
    details: Mapping[str, Any]
    preview: str = ""


@dataclass(frozen=True, slots=True)
class ParameterView:
    """A parameter that a node takes.

    Attributes:
        id: ``params:`` and the key; ``parameters`` for all of them.
        key: the dotted key; empty for all of them.
        where: ``file:line`` of the value, or empty.
    """

    id: str
    key: str
    value: Any
    where: str


@dataclass(frozen=True, slots=True)
class RunView:
    """The run that the statuses are of."""

    id: str
    status: str


@dataclass(frozen=True, slots=True)
class Edge:
    """From a dataset or parameter to the node that takes it, or from a node to the dataset that it makes."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class GraphView:
    """A pipeline as it is drawn.

    Attributes:
        title: what is drawn.
        nodes: in an order in which they can run.
        edges: ids of vertices.
        run: the run that the statuses are of, if it is one and the same.
    """

    title: str
    nodes: tuple[NodeView, ...]
    datasets: tuple[DatasetView, ...]
    parameters: tuple[ParameterView, ...]
    edges: tuple[Edge, ...]
    run: RunView | None = None
    schema: int = field(default=SCHEMA)


def in_memory(_: str) -> Mapping[str, Any]:
    """Describe a dataset that no catalog knows."""
    return {"type": "memory", "memory": True}


def nowhere(_: str) -> str:
    """Say that a name has no place in a file."""
    return ""


def nobody_asked(_: str) -> bool | None:
    """Say that it is not known whether a dataset exists."""
    return None


def build_graph(
    pipeline: Pipeline,
    *,
    title: str,
    describe: Callable[[str], Mapping[str, Any]] = in_memory,
    where: Callable[[str], str] = nowhere,
    exists: Callable[[str], bool | None] = nobody_asked,
    preview: Callable[[str], str] = nowhere,
    parameters: Mapping[str, Any] | None = None,
    last: Mapping[str, LastRun] | None = None,
    memberships: Mapping[str, Iterable[str]] | None = None,
    run: RunView | None = None,
    code: bool = False,
) -> GraphView:
    """Return the model of a pipeline.

    Args:
        pipeline: what to draw.
        title: its name.
        describe: what the catalog tells of a dataset; ``type``, ``filepath``, ``layer`` and ``memory`` have
            places of their own in the model.
        where: ``file:line`` of a dataset's entry, or of ``params:key``.
        exists: whether a dataset can be loaded.
        preview: what is in a dataset, as an HTML element; empty if that is not to be shown.
        parameters: dotted key to the value that is shown; the empty key for all of them.
        last: node name to its last run.
        memberships: node name to the names of the pipelines that it belongs to.
        run: the run that `last` is of.
        code: whether the functions' source text and signatures are read, which opens their files.

    Example:
        >>> from mlflow_tmpl import Node, Pipeline
        >>> view = build_graph(Pipeline([Node(len, "rows", "total", name="count")]), title="counts")
        >>> [(edge.source, edge.target) for edge in view.edges]
        [('data:rows', 'node:count'), ('node:count', 'data:total')]
    """
    shown = {key: plain(value) for key, value in (parameters or {}).items()}
    last, members = last or {}, memberships or {}
    nodes = tuple(
        [
            _node(node, shown, last.get(node.name, _NEVER), members.get(node.name, ()), code)
            for node in pipeline
        ]
    )
    datasets = [
        _dataset(name, describe, where, exists, preview)
        for name in dict.fromkeys(map(base_name, pipeline.datasets))
    ]
    found = [
        ParameterView(vertex_id(name), parameter_key(name), shown.get(parameter_key(name)), where(name))
        for name in pipeline.parameters
    ]
    return GraphView(title, nodes, tuple(datasets), tuple(found), tuple(dict.fromkeys(_edges(nodes))), run)


_NEVER = LastRun("")


def vertex_id(name: str) -> str:
    """Return the vertex of a dataset or parameter, as nodes name it."""
    return name if is_parameter(name) else f"data:{base_name(name)}"


def _node(
    node: Node, shown: Mapping[str, Any], last: LastRun, pipelines: Iterable[str], code: bool
) -> NodeView:
    from mlflow_tmpl.views.source import docstring, signature, source_text

    keys = node.returned_keys or ("",) * len(node.outputs)
    taken = [*node.inputs.items(), *_asked(node)]
    return NodeView(
        id=f"node:{node.name}",
        name=node.name,
        short_name=node.short_name,
        namespace=node.namespace or "",
        pipelines=tuple(pipelines),
        tags=tuple(sorted(node.tags)),
        doc=docstring(node.func),
        code=source_text(node.func) if code else "",
        signature=signature(node.func) if code else "",
        where=node.where,
        inputs=tuple([Wire(arg, name, vertex_id(name)) for arg, name in taken if not is_parameter(name)]),
        outputs=tuple(
            [Wire(key, name, vertex_id(name)) for key, name in zip(keys, node.outputs, strict=True)]
        ),
        parameters=tuple(
            [
                ParameterWire(arg, parameter_key(name), shown.get(parameter_key(name)), name)
                for arg, name in taken
                if is_parameter(name)
            ]
        ),
        options={
            "reuse": node.options.reuse,
            "keep": node.options.keep,
            **node.options.to_json(),
            **({"when": str(node.when)} if node.when is not None else {}),
            **({"over": node.over} if node.over else {}),
        },
        status=last.status,
        duration_s=last.duration_s,
        ended_at=last.ended_at,
        reasons=last.reasons,
        error=last.error,
        attempt=last.attempt,
        calls=last.calls,
        log=last.log,
    )


def _asked(node: Node) -> list[tuple[str, str]]:
    """Return what a node's condition asks about and the node itself does not take."""
    if node.when is None:
        return []
    return [("when", name) for name in node.when.inputs.values() if name not in node.inputs.values()]


def _dataset(
    name: str,
    describe: Callable[[str], Mapping[str, Any]],
    where: Callable[[str], str],
    exists: Callable[[str], bool | None],
    preview: Callable[[str], str],
) -> DatasetView:
    details = {str(key): plain(value) for key, value in describe(name).items()}
    kind = str(details.pop("type", "") or "memory")
    memory = bool(details.pop("memory", kind == "memory"))
    path = str(details.pop("filepath", None) or details.pop("path", None) or "")
    layer = str(details.pop("layer", None) or "")
    found = exists(name)
    shown = preview(name) if found and not memory else ""
    return DatasetView(f"data:{name}", name, kind, path, layer, memory, found, where(name), details, shown)


def _edges(nodes: Iterable[NodeView]) -> Iterable[Edge]:
    for node in nodes:
        yield from [Edge(wire.id, node.id) for wire in node.inputs]
        yield from [Edge(wire.id, node.id) for wire in node.parameters]
        yield from [Edge(node.id, wire.id) for wire in node.outputs]


def plain(value: object) -> Any:
    """Return a value as JSON can hold it: numbers that JSON lacks, and all that is no data, as text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)  # not a number compares false too
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return str(value)
