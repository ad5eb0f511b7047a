"""The parameters that nodes take: looked up, checked against their annotations and converted, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import ConfigError, did_you_mean, together
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.masking import mask_text
from mlflow_tmpl.pipeline.names import is_parameter, parameter_key
from mlflow_tmpl.planning.json_texts import plain_json, value_text

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

    @property
    def items(self) -> dict[str, Value]:
        """The parts of a list or mapping by their names: a scalar in a list is called as it is written."""
        data = self.source.data
        if isinstance(data, dict):
            return dict(data)
        return dict(zip(_names_in(data), data, strict=True))

    def where(self, dotted: str) -> str:
        """Return ``file:line`` of a part of the parameter; of all of it for the empty key."""
        part = self.source.get(dotted)
        return str((part or self.source).origin)


def _names_in(items: list[Value]) -> list[str]:
    plain = [item.plain() for item in items]
    if any(isinstance(item, (dict, list)) for item in plain):
        return [str(position) for position in range(len(plain))]
    return [value_text(item) for item in plain]


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
    subject = f"parameter {key!r}" if key else "the parameters"
    if argument == node.over:
        converted = _convert_each(node, key, value, annotation)
    else:
        converted = convert(value, annotation, subject)
    return BoundParameter(key, converted, counted_text(value), value)


def _convert_each(node: Node, key: str, value: Value, annotation: Any) -> dict[str, Any]:
    """Return the items of a parameter that a node goes over, each converted to what the argument asks for."""
    from mlflow_tmpl.config import convert

    if not isinstance(value.data, (list, dict)):
        raise ConfigError(
            f"parameter {key!r}, which node {node.name!r} goes over, is neither a list nor a mapping",
            where=str(value.origin),
            hint=f"write [{value.plain()!r}]",
        )
    whole = BoundParameter(key, None, "", value)
    items = whole.items
    if len(items) < len(value.data):
        names = _names_in(list(value.data))
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(
            f"parameter {key!r}, which node {node.name!r} goes over, has {twice!r} twice",
            where=str(value.origin),
        )
    return {
        name: convert(item, annotation, f"item {name!r} of parameter {key!r}") for name, item in items.items()
    }


def counted_text(value: Value) -> str:
    """Return what of a parameter counts in keys and is shown, as JSON."""
    return plain_json(_without_passwords(value.counted()))


def _without_passwords(data: Any) -> Any:
    """Return plain data with the passwords in its URLs and connection strings masked, and a hash of what they were."""
    if isinstance(data, dict):
        return {key: _without_passwords(each) for key, each in data.items()}
    if isinstance(data, list):
        return [_without_passwords(each) for each in data]
    masked = mask_text(data) if isinstance(data, str) else data
    return data if masked == data else f"{masked}#{digest(data)[:16]}"
