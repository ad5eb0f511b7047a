"""The parameters that nodes take: looked up, checked against their annotations and converted, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, did_you_mean, together
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.masking import mask_text
from mlflow_tmpl.pipeline.names import is_parameter, parameter_key
from mlflow_tmpl.planning.values import plain_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.config import Value
    from mlflow_tmpl.pipeline import Node, Pipeline


@dataclass(frozen=True, slots=True)
class BoundParameter:
    """A parameter as a node takes it.

    Attributes:
        key: dotted key; empty for all parameters.
        value: converted to the annotation of the argument.
        shown: its plain value as JSON: what counts in keys and what is shown. The order of its keys counts, as the
            function sees it.
        source: the value as it was configured, which knows where each part of it stands.
    """

    key: str
    value: Any
    shown: str
    source: Value

    def where(self, dotted: str) -> str:
        """Return ``file:line`` of a part of the parameter; of all of it for the empty key."""
        part = self.source.get(dotted)
        return str((part or self.source).origin)


NO_PARAMETERS: Mapping[str, BoundParameter] = {}


def bind_parameters(pipeline: Pipeline, parameters: Value) -> list[Mapping[str, BoundParameter]]:
    """Return for each node of a pipeline, by position, the parameters of its arguments.

    Raises:
        ConfigError: parameters that are missing or of the wrong type; all of them are named at once.
    """
    bound: list[Mapping[str, BoundParameter]] = []
    errors: list[ConfigError] = []
    for node in pipeline.nodes:
        found = NO_PARAMETERS
        for argument, name in node.inputs.items():
            if is_parameter(name):
                try:
                    parameter = bind_parameter(node, argument, name, parameters)
                except ConfigError as error:
                    errors.append(error)
                else:
                    if parameter is not None:
                        found = {**found, argument: parameter}
        bound.append(found)
    if errors:
        raise together(errors)
    return bound


def bind_parameter(
    node: Node, argument: str, name: str, parameters: Value, where: str = ""
) -> BoundParameter | None:
    """Return the parameter that an argument of a node takes; ``None`` if it is not configured and need not be.

    Args:
        node: the node.
        argument: of its function.
        name: of the parameter, as the node names it.
        parameters: all of them.
        where: who takes it, if not the node's function.

    Raises:
        ConfigError: it is missing or of the wrong type.
    """
    from mlflow_tmpl.config import convert, parameter_annotations  # a run without parameters needs no YAML

    key = parameter_key(name)
    value = parameters.get(key) if key else parameters
    if value is None:
        if argument in node.optional:
            return None
        known = [leaf for leaf, _ in parameters.leaves()]
        raise ConfigError(
            f"parameter {key!r} of node {node.name!r} is not set",
            where=where or node.where,
            hint=did_you_mean(key, known)
            or f"add it to conf/base/parameters.yml, or give --params {key}=VALUE",
        )
    annotation = parameter_annotations(node.func).get(argument, Any)
    converted = convert(value, annotation, f"parameter {key!r}" if key else "the parameters")
    return BoundParameter(key, converted, plain_json(_without_passwords(value.counted())), value)


def _without_passwords(data: Any) -> Any:
    """Return plain data with the passwords in its URLs and connection strings masked, and a hash of what they were."""
    if isinstance(data, dict):
        return {key: _without_passwords(each) for key, each in data.items()}
    if isinstance(data, list):
        return [_without_passwords(each) for each in data]
    masked = mask_text(data) if isinstance(data, str) else data
    return data if masked == data else f"{masked}#{digest(data)[:16]}"
