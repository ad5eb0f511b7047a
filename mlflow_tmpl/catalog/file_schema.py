"""A JSON Schema of catalog files, for editors: made of the same tables that entries are checked by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.dataset import COPY_MODES
from mlflow_tmpl.catalog.datasets import FORMATS, LIBRARIES, MEMORY_NAMES, SOURCES, TYPE_NAMES
from mlflow_tmpl.catalog.entry import FILE_KEYS, FORMAT_KEYS, MEMORY_KEYS, ROLES, SOURCE_KEYS
from mlflow_tmpl.catalog.fingerprints import FINGERPRINTS
from mlflow_tmpl.pipeline.options import KEEP_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JsonSchema = dict[str, Any]

_TEXT: JsonSchema = {"type": "string", "minLength": 1}
_LATER: JsonSchema = {"type": "string", "pattern": r"\$\{.+\}|\{\w+\}"}
"""A text that interpolation, or a pattern's placeholder, turns into something else."""


def _or_later(shape: JsonSchema) -> JsonSchema:
    return {"anyOf": [shape, _LATER]}


_SHAPES: Mapping[str, JsonSchema] = {
    "text": _TEXT,
    "flag": _or_later({"type": "boolean"}),
    "mapping": _or_later({"type": ["object", "null"]}),
    "text or mapping": {"anyOf": [_TEXT, {"type": "object"}]},
}
"""By the words of the table of sources."""

_KEYS: Mapping[str, tuple[JsonSchema, str]] = {
    "filepath": (_TEXT, "relative to the project's folder, absolute, or a URL"),
    "load_args": (_SHAPES["mapping"], "handed to the library that loads"),
    "save_args": (_SHAPES["mapping"], "handed to the library that saves"),
    "credentials": (_TEXT, "a name in credentials.yml"),
    "schema": (_TEXT, "dotted path of a pandera schema, checked on load and save"),
    "versioned": (_SHAPES["flag"], "whether every save is kept, in a folder of its own"),
    "layer": (_TEXT, "a note for people and drawings"),
    "role": (_or_later({"enum": list(ROLES)}), "what the dataset is for"),
    "metadata": ({}, "notes of any kind"),
    "cache": (_SHAPES["flag"], "whether a remote file is kept on this machine once it was read"),
    "fingerprint": (_or_later({"enum": list(FINGERPRINTS)}), "what tells that a remote file changed"),
    "file_format": (_TEXT, "the format, if the suffix does not tell it"),
    "backend": (_TEXT, "what pickles: pickle, joblib or cloudpickle"),
    "copy": (_or_later({"enum": list(COPY_MODES)}), "how the takers of a value in memory are kept apart"),
    "keep": (_or_later({"enum": list(KEEP_MODES)}), "whether the store keeps a value in memory"),
}


def catalog_schema(plugins: Iterable[str] = ()) -> JsonSchema:
    """Return the schema of a catalog file.

    Args:
        plugins: types that installed packages bring; their keys are their own.
    """
    types = sorted({*TYPE_NAMES, *plugins})
    known = {
        "description": "a short name, or the dotted path of a class",
        "anyOf": [{"enum": types}, _OTHER_TYPE],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "catalog.yml of an mlo project",
        "type": ["object", "null"],
        "patternProperties": {"^_": {}},
        "additionalProperties": {"$ref": "#/$defs/entry"},
        "$defs": {
            "entry": {
                "anyOf": [
                    {**_TEXT, "description": "the filepath of a dataset whose suffix tells its type"},
                    {
                        "type": "object",
                        "properties": {"type": known},
                        "anyOf": [{"required": ["type"]}, {"required": ["filepath"]}],
                        "allOf": [_when(names, then) for names, then in _kinds()],
                        "if": {"not": {"required": ["type"]}},
                        "then": _object(FILE_KEYS, ("filepath",)),
                    },
                ]
            }
        },
    }


_OTHER_TYPE: JsonSchema = {"type": "string", "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$|\{.+\}"}


def _kinds() -> list[tuple[list[str], JsonSchema]]:
    """Return the names of types that have the same keys, with what an entry of them is."""
    formats = [name for each in FORMATS for name in (each.name, *each.aliases) if name not in LIBRARIES]
    kinds = [
        (list(MEMORY_NAMES), _object(MEMORY_KEYS)),
        (formats, _object(FILE_KEYS, ("filepath",))),
        (list(LIBRARIES), _object((*FILE_KEYS, *FORMAT_KEYS), ("filepath",))),
    ]
    for source in SOURCES:
        theirs = {name: key for name, key in source.renamed.items() if key in source.keys}
        own = {name: _SHAPES[shape] for name, shape in source.keys.items()}
        own |= {name: own[key] for name, key in theirs.items()}
        needed = [[key, *(name for name, ours in theirs.items() if ours == key)] for key in source.required]
        either = [{"anyOf": [{"required": [name]} for name in names]} for names in needed]
        then = {**_object(SOURCE_KEYS, (), own), **({"allOf": either} if either else {})}
        kinds.append(([source.name, *source.aliases], then))
    return kinds


def _object(
    keys: Iterable[str], required: Iterable[str] = (), own: Mapping[str, JsonSchema] | None = None
) -> JsonSchema:
    shared = {key: {**_KEYS[key][0], "description": _KEYS[key][1]} for key in keys if key in _KEYS}
    found: JsonSchema = {"properties": {"type": True, **shared, **(own or {})}, "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


def _when(names: list[str], then: JsonSchema) -> JsonSchema:
    return {"if": {"properties": {"type": {"enum": names}}, "required": ["type"]}, "then": then}
