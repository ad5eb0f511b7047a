"""A JSON Schema of the parameters files, from the annotations of the nodes that take them; for editors."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.pipeline.names import is_parameter, parameter_key

if TYPE_CHECKING:
    from mlflow_tmpl.pipeline import Pipeline

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INTERPOLATION = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "an interpolation, such as ${key} or ${oc.env:NAME}",
}
_REFERENCE = {"$ref": "#/$defs/interpolation"}


def parameters_schema(pipeline: Pipeline) -> dict[str, Any]:
    """Return what parameters files may hold, as far as nodes say it.

    A file is a layer: no key of it is required. Keys that no node takes may hold anything.
    """
    from mlflow_tmpl.config import parameter_annotations

    definitions: dict[str, Any] = {"interpolation": _INTERPOLATION}
    root: dict[str, Any] = {"type": "object", "properties": {}}
    for node in pipeline.nodes:
        annotations = parameter_annotations(node.func)
        for argument, name in node.inputs.items():
            if is_parameter(name) and parameter_key(name):
                own = _schema(annotations.get(argument, Any), definitions)
                _put(root, parameter_key(name).split("."), {**own, "description": f"taken by {node.name}"})
    return {"$schema": _DIALECT, "title": "parameters", **root, "$defs": definitions}


def _put(root: dict[str, Any], path: list[str], schema: dict[str, Any]) -> None:
    """Put a schema at a dotted key; what several nodes say of one parameter has to hold together."""
    for part in path[:-1]:
        inner = root.setdefault("properties", {}).setdefault(part, {"type": "object"})
        root = inner if "anyOf" not in inner and "$ref" not in inner else {}
    properties = root.setdefault("properties", {})
    said = properties.get(path[-1])
    if said is None:
        properties[path[-1]] = schema
        return
    both = said.get("allOf", [said])
    if not any(_bare(each) == _bare(schema) for each in both):
        properties[path[-1]] = {"allOf": [*both, schema]}


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "description"}


def _schema(annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an annotation, an empty one where it cannot be told; classes go to the definitions."""
    import msgspec

    try:
        (own,), inner = msgspec.json.schema_components(
            [annotation], schema_hook=_other, ref_template="#/$defs/{name}"
        )
    except (TypeError, NameError, ValueError):
        return {}
    definitions.update({name: _layer(schema) for name, schema in inner.items()})
    return _layer(own)


def _other(kind: Any) -> dict[str, Any]:
    """Return the schema of what msgspec does not know."""
    if isinstance(kind, type) and issubclass(kind, PurePath):
        return {"type": "string", "format": "path"}
    if hasattr(kind, "model_json_schema"):
        return _inlined(kind.model_json_schema())
    raise NotImplementedError


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its own definitions put where they are referred to, each once in a row."""
    definitions = schema.pop("$defs", {})

    def fill(part: Any, within: tuple[str, ...]) -> Any:
        if isinstance(part, list):
            return [fill(each, within) for each in part]
        if not isinstance(part, dict):
            return part
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name in definitions:
            return {} if name in within else fill(definitions[name], (*within, name))
        return {key: fill(each, within) for key, each in part.items()}

    filled: dict[str, Any] = fill(schema, ())
    return filled


def _layer(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as a layer has to keep it: nothing is required, anything may be an interpolation."""
    told = {key: value for key, value in schema.items() if key != "required"}
    if "properties" in told:
        inner = {name: _layer(each) for name, each in told["properties"].items()}
        told["properties"] = {**inner, "_replace_": {"type": "boolean"}}
        told["additionalProperties"] = told.get("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(told.get(key), dict):
            told[key] = _layer(told[key])
    if "anyOf" in told:
        return {**told, "anyOf": [*map(_layer, told["anyOf"]), _REFERENCE]}
    if not told or (told.get("type") == "string" and not {"enum", "format", "pattern"} & set(told)):
        return told
    return {"anyOf": [told, _REFERENCE]}
