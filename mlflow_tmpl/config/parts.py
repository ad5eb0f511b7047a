"""The parts of a value, each with the annotation that it is converted to."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.convert import UNIONS, UnsupportedAnnotationError, convert
from mlflow_tmpl.config.shapes import LISTS, RECORDS, fits, named, read_shape
from mlflow_tmpl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.config.shapes import Step
    from mlflow_tmpl.config.values import Value

_QUALIFIERS = [getattr(typing, name, None) for name in ("Required", "NotRequired", "ReadOnly", "Final")]
"""What is written around the type of a field and is no part of it; some are missing from older Pythons."""


def errors_within(value: Value, annotation: Any, subject: str) -> list[ConfigError]:
    """Return all that is wrong with the entries or items of a value, and with theirs.

    Args:
        value: of which it is known that it cannot be converted as a whole.
        annotation: what it was to be converted to.
        subject: what to call it.
    """
    found: list[ConfigError] = []
    for step, part, inner in _parts(value, annotation):
        try:
            convert(part, inner, named(subject, [step]))
        except ConfigError as error:
            found += error.each()
    return found


def member_of(annotation: Any, data: Any) -> Any:
    """Return an annotation without what is around it; of a union the member that such data is converted to."""
    bare = _bare(annotation)
    if typing.get_origin(bare) not in UNIONS:
        return bare
    fitting = [member for member in map(_bare, typing.get_args(bare)) if fits(read_shape(member), data)]
    return fitting[0] if fitting else Any


def _parts(value: Value, annotation: Any) -> Iterator[tuple[Step, Value, Any]]:
    """Yield each entry or item of a value with its annotation, which is ``Any`` where nothing is known of it."""
    data = value.data
    if type(data) not in (dict, list):
        return
    annotations = _annotations(annotation, data)
    for step, part in data.items() if type(data) is dict else enumerate(data):
        yield step, part, annotations.get(step, annotations.get(None, Any))


def _annotations(annotation: Any, data: Any) -> dict[Any, Any]:
    """Return the annotations of entries or items; the one that all others have stands under ``None``."""
    try:
        owner = member_of(annotation, data)
        shape = read_shape(owner)
    except UnsupportedAnnotationError:
        return {}
    kind, arguments = type(shape).__name__, typing.get_args(owner)
    if kind in RECORDS:
        hints = _hints(owner)
        names = [(field.encode_name, field.name) for field in shape.fields]
        by_name = {written: hints.get(name, Any) for written, name in names}
        return dict(enumerate(by_name.values())) if type(data) is list else by_name
    if kind == "NamedTupleType":
        return dict(enumerate(_hints(owner).values()))
    if kind == "TupleType":
        return dict(enumerate(arguments))
    if kind == "DictType":
        return {None: arguments[1]} if len(arguments) == 2 else {}
    return {None: arguments[0]} if kind in LISTS and arguments else {}


def _hints(owner: Any) -> dict[str, Any]:
    """Return the annotations of a class, those of a generic one with what it was given; empty if one is unknown."""
    kind = typing.get_origin(owner) or owner
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except Exception:  # noqa: BLE001  # a text may be any expression
        return {}
    given = dict(zip(getattr(kind, "__parameters__", ()), typing.get_args(owner), strict=False))
    return {name: _filled(_unqualified(hint), given) for name, hint in hints.items()}


def _filled(hint: Any, given: dict[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return given.get(hint, Any)
    open_ones = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(each, Any) for each in open_ones)] if open_ones else hint


def _unqualified(hint: Any) -> Any:
    while typing.get_origin(hint) in _QUALIFIERS and typing.get_origin(hint) is not None:
        hint = typing.get_args(hint)[0]
    return hint


def _bare(annotation: Any) -> Any:
    """Return what is behind ``Annotated``, a `NewType` or an alias."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation
