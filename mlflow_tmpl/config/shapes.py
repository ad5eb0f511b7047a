"""What an annotation looks like from inside: its fields, items and choices, as msgspec sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.convert import UnsupportedAnnotationError
from mlflow_tmpl.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.config.values import Value

    Step = str | int

RECORDS = ("DataclassType", "TypedDictType", "StructType")
LISTS = (
    "ListType",
    "VarTupleType",
    "SetType",
    "FrozenSetType",
    "CollectionType",
    "TupleType",
    "NamedTupleType",
)
_DATA = {
    **dict.fromkeys((*RECORDS, "DictType"), dict),
    **dict.fromkeys(LISTS, list),
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
    if kind in RECORDS and not getattr(shape, "array_like", False):
        return next((field.type for field in shape.fields if field.encode_name == step), None)
    if kind == "DictType":
        return shape.value_type
    if kind in LISTS and isinstance(step, int):
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
    return next((member for member in map(_bare, shape.types) if fits(member, data)), None)


def fits(shape: Any, data: Any) -> bool:
    """Tell whether data of a mapping or list is converted to a member of a union: by its kind, and its tag if any."""
    wanted: Any = _DATA.get(type(shape).__name__)
    if type(data) is not wanted:
        return False
    return not getattr(shape, "tag_field", None) or _has_tag(shape, data)


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


def unknown_keys(value: Value, shape: Any, subject: str, steps: Sequence[Step] = ()) -> Iterator[ConfigError]:
    """Yield an error for each key of a mapping, at any depth, that the class which it is converted to does not have."""
    if shape is None or type(value.data) not in (dict, list):
        return
    inside = _member(shape, value.data)
    yield from strange_keys(value, inside, named(subject, steps))
    entries = value.data.items() if type(value.data) is dict else enumerate(value.data)
    for step, entry in entries:
        yield from unknown_keys(entry, inner_shape(inside, step, value.data), subject, (*steps, step))


def strange_keys(value: Value, shape: Any, subject: str) -> Iterator[ConfigError]:
    """Yield an error for each key of a mapping itself that the class which it is converted to does not have."""
    if type(value.data) is not dict or type(shape).__name__ not in RECORDS:
        return
    known = [field.encode_name for field in shape.fields]
    if getattr(shape, "tag_field", None):
        known.append(shape.tag_field)
    for key, entry in value.data.items():
        if key not in known:
            yield ConfigError(
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
