"""What an annotation looks like from inside: its fields, items and choices, as msgspec sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.convert import UnsupportedAnnotationError
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_tmpl.config.values import Value

    Step = str | int

_RECORDS = ("DataclassType", "TypedDictType", "StructType")
_LISTS = (
    "ListType",
    "VarTupleType",
    "SetType",
    "FrozenSetType",
    "CollectionType",
    "TupleType",
    "NamedTupleType",
)
_DATA = {
    **dict.fromkeys((*_RECORDS, "DictType"), dict),
    **dict.fromkeys(_LISTS, list),
}


def read_shape(annotation: Any) -> Any:
    """Return the inside of an annotation.

    Raises:
        UnsupportedAnnotationError: msgspec cannot convert to it.
    """
    from msgspec.inspect import type_info

    try:
        return type_info(annotation)
    except (TypeError, NameError) as error:
        raise UnsupportedAnnotationError(str(error)) from error


def inner_shape(shape: Any, step: Step, data: Any) -> Any:
    """Return the shape of one entry or item of some data, or ``None`` if it can be anything."""
    shape = _member(shape, data)
    kind = type(shape).__name__
    if kind in _RECORDS and not getattr(shape, "array_like", False):
        return next((field.type for field in shape.fields if field.encode_name == step), None)
    if kind == "DictType":
        return shape.value_type
    if kind in _LISTS and isinstance(step, int):
        return _item_shape(shape, step)
    return None


def _item_shape(shape: Any, index: int) -> Any:
    if hasattr(shape, "item_type"):
        return shape.item_type
    items = shape.item_types if hasattr(shape, "item_types") else [field.type for field in shape.fields]
    return items[index] if index < len(items) else None


def _member(shape: Any, data: Any) -> Any:
    """Return what is behind annotations of ours, and of a union the one member that such data is converted to."""
    while type(shape).__name__ == "Metadata":
        shape = shape.type
    if type(shape).__name__ != "UnionType":
        return shape
    fitting = [member for member in map(_bare, shape.types) if _DATA.get(type(member).__name__) is type(data)]
    if any(getattr(member, "tag_field", None) for member in fitting):
        fitting = [member for member in fitting if _has_tag(member, data)]
    return next(iter(fitting), None)


def _bare(shape: Any) -> Any:
    return _member(shape, None) if type(shape).__name__ == "Metadata" else shape


def _has_tag(shape: Any, data: Any) -> bool:
    tag_field = getattr(shape, "tag_field", None)
    return bool(tag_field and tag_field in data and data[tag_field].data == shape.tag)


def choices(shape: Any) -> list[Any]:
    """Return all values that a literal or an enum allows, also within a union; empty for any other shape."""
    kind = type(shape).__name__
    if kind == "Metadata":
        return choices(shape.type)
    if kind == "UnionType":
        return [choice for member in shape.types for choice in choices(member)]
    if kind == "EnumType":
        return [member.value for member in shape.cls]
    return list(shape.values) if kind == "LiteralType" else []


def refuse_unknown_keys(value: Value, shape: Any, subject: str, steps: Sequence[Step] = ()) -> None:
    """Raise for the first key of a mapping, at any depth, that the class which it is converted to does not have."""
    if shape is None or type(value.data) not in (dict, list):
        return
    inside = _member(shape, value.data)
    if type(value.data) is dict and type(inside).__name__ in _RECORDS:
        _check_keys(value, inside, named(subject, steps))
    entries = value.data.items() if type(value.data) is dict else enumerate(value.data)
    for step, entry in entries:
        refuse_unknown_keys(entry, inner_shape(inside, step, value.data), subject, (*steps, step))


def _check_keys(value: Value, record: Any, subject: str) -> None:
    known = [field.encode_name for field in record.fields]
    if getattr(record, "tag_field", None):
        known.append(record.tag_field)
    for key, entry in value.data.items():
        if key not in known:
            raise ConfigError(
                f"{subject} takes no {key!r}",
                where=str(entry.key_origin),
                hint=did_you_mean(key, known) or f"it takes {', '.join(known) or 'nothing'}",
            )


def named(subject: str, steps: Sequence[Step]) -> str:
    """Return what to call a part of a subject.

    Example:
        >>> named("parameter 'train'", ["layers", 0, "width"])
        "parameter 'train.layers[0].width'"
    """
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    if not path:
        return subject
    return f"{subject[:-1]}{path}'" if subject.endswith("'") else f"{path.lstrip('.')!r} of {subject}"
