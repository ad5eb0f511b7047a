"""Which nodes are left out of a run: those whose condition does not hold, and what cannot run without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import CatalogError, ConfigError, MloError, NodeError, together
from mlflow_tmpl.pipeline import Node
from mlflow_tmpl.pipeline.discovery import user_frame
from mlflow_tmpl.pipeline.names import base_name, is_parameter
from mlflow_tmpl.planning.arguments import bind_parameter
from mlflow_tmpl.planning.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning.arguments import BoundParameter


class Conditions:
    """What the conditions of a pipeline's nodes say, each asked when what it asks about is there.

    Args:
        pipeline: the nodes.
        parameters: that conditions ask about; ``None`` where they ask about none.
        load: gives the content of a dataset.

    Raises:
        ConfigError: parameters that are missing or of the wrong type.
    """

    def __init__(self, pipeline: Pipeline, parameters: Value | None, load: Callable[[str], Any]) -> None:
        self._pipeline = pipeline
        self._load = load
        self._left_out: dict[str, str] = {}
        self._bound: dict[int, Mapping[str, BoundParameter]] = {}
        errors: list[ConfigError] = []
        for position, node in enumerate(pipeline.nodes):
            if node.when is not None:
                try:
                    self._bound[position] = _bind(node, parameters)
                except ConfigError as error:
                    errors.append(error)
        if errors:
            raise together(errors)

    def __bool__(self) -> bool:
        return bool(self._bound)

    def is_left_out(self, name: str) -> bool:
        """Tell whether a dataset is not made, as its maker is left out."""
        return base_name(name) in self._left_out

    def why_left_out(self, position: int) -> Reason | None:
        """Return why a node is left out; ``None`` if it is not, and all that it asks about has to be there.

        Raises:
            MloError: what its condition asks about cannot be loaded, or the condition itself fails.
        """
        if position >= len(self._pipeline):
            return None  # an item of a node that runs
        node = self._pipeline.nodes[position]
        reason = self._without_input(node) or (self._untrue(node, position) if node.when else None)
        if reason is not None:
            self._left_out.update(dict.fromkeys(map(base_name, node.outputs), node.name))
        return reason

    def _without_input(self, node: Node) -> Reason | None:
        """Return which input of a node is not made; one whose argument has a default may be missing."""
        needed = [name for argument, name in node.inputs.items() if argument not in node.optional]
        for name in (*needed, *(node.when.datasets if node.when else ())):
            if self.is_left_out(name):
                return Reason("left_out", name, after=self._left_out[base_name(name)])
        return None

    def _untrue(self, node: Node, position: int) -> Reason | None:
        condition, bound = node.when, self._bound[position]
        assert condition is not None
        values = {argument: parameter.value for argument, parameter in bound.items()}
        values |= {argument: self._load(name) for argument, name in _datasets(condition.inputs)}
        holds = _ask(node, values) is not condition.negated
        if holds:
            return None
        where = next((parameter.where("") for parameter in bound.values()), "")
        return Reason("condition", str(condition), where)


def check_conditions(pipeline: Pipeline, catalog: Catalog) -> None:
    """Check that what conditions ask about is saved somewhere: a run that reuses its maker has no value of memory.

    Raises:
        CatalogError: it is not.
    """
    for node in pipeline.nodes:
        for name in node.when.datasets if node.when else ():
            if catalog.is_memory(name):
                raise CatalogError(
                    f"condition {str(node.when)!r} of node {node.name!r} asks about dataset {name!r}, "
                    "which is kept in memory only",
                    where=node.where,
                    hint=f"give {name!r} a file in conf/base/catalog.yml: it is looked at whenever a run is planned",
                )


def _datasets(inputs: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(argument, name) for argument, name in inputs.items() if not is_parameter(name)]


def _bind(node: Node, parameters: Value | None) -> dict[str, BoundParameter]:
    """Return the parameters that a node's condition asks about, converted to what it annotates."""
    condition = node.when
    assert condition is not None
    if parameters is None:
        return {}
    where = node.where if condition.func is None else ""
    asking = Node(condition.func or _itself, dict(condition.inputs), name=node.name)
    found = {
        argument: bind_parameter(asking, argument, name, parameters, where)
        for argument, name in condition.inputs.items()
        if is_parameter(name)
    }
    return {argument: parameter for argument, parameter in found.items() if parameter is not None}


def _itself(value: bool) -> bool:
    return value


def _ask(node: Node, values: Mapping[str, Any]) -> bool:
    """Return what a condition says.

    Raises:
        NodeError: it fails, or what it asks about is neither true nor false.
    """
    condition = node.when
    assert condition is not None
    try:
        answer = (condition.func or _itself)(**values)
        if condition.func is not None:
            return bool(answer)
    except MloError:
        raise
    except Exception as error:
        raise NodeError(
            f"condition {str(condition)!r} of node {node.name!r} failed: {type(error).__name__}: {error}",
            where=user_frame(error) or node.where,
        ) from error
    if not isinstance(answer, bool):
        raise NodeError(
            f"condition {str(condition)!r} of node {node.name!r} asks for true or false, and it is {answer!r:.60}",
            where=node.where,
            hint="give when= a function that tells true or false from it",
        )
    return answer
