"""Configured values made into what the annotation of an argument asks for."""

from __future__ import annotations

import types
import typing
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ConfigError, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.config.values import Value

UNIONS = (typing.Union, types.UnionType)


class UnsupportedAnnotationError(TypeError):
    """An annotation that no configured value can be converted to."""


def convert(value: Value, annotation: Any, subject: str) -> Any:
    """Return a value as its annotation asks for, checked strictly: an integer is a float, ``true`` is no integer.

    Args:
        value: what was configured.
        annotation: a resolved type: scalars, ``Literal``, enums, unions, collections, ``Path``, dates, dataclasses,
            ``TypedDict``, attrs classes, msgspec structs, pydantic models; ``Any`` takes everything as it is.
        subject: what messages call the value, such as ``parameter 'train.alpha'``.

    Raises:
        ConfigError: at the place of the part that does not fit; of several all of them.

    Example:
        >>> from mlflow_tmpl.config import Origin, located
        >>> convert(located([1, 2], Origin("x.yml")), tuple[float, ...], "parameter 'widths'")
        (1.0, 2.0)
    """
    try:
        plain = value.plain()
    except ConfigError as error:
        from mlflow_tmpl.config.parts import errors_within

        raise together(errors_within(value, annotation, subject) or [error]) from None
    if _fits(plain, annotation):
        return plain
    try:
        return _convert(value, plain, annotation, subject)
    except UnsupportedAnnotationError as error:
        refusal = _unsupported(value, annotation, subject, error)
    if typing.get_origin(annotation) in UNIONS:
        return _convert_to_any(value, annotation, subject, refusal)
    raise refusal


def _fits(plain: Any, annotation: Any) -> bool:
    """Tell whether plain data is already what is asked for; spares msgspec, 30 ms to import, in ordinary runs."""
    if annotation is Any or annotation is plain is None:
        return True
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return any(type(plain) is type(choice) and plain == choice for choice in typing.get_args(annotation))
    if origin in UNIONS:
        return any(_fits(plain, member) for member in typing.get_args(annotation))
    return _is_instance(plain, annotation)


def _is_instance(plain: Any, annotation: Any) -> bool:
    if annotation is int and isinstance(plain, bool):
        return False
    try:
        return isinstance(annotation, type) and isinstance(plain, annotation)
    except TypeError:  # a TypedDict, a protocol, or list[int] under Python 3.10
        return False


def _convert(value: Value, plain: Any, annotation: Any, subject: str) -> Any:
    import msgspec

    from mlflow_tmpl.config.mismatch import explain
    from mlflow_tmpl.config.shapes import read_shape, unknown_keys

    shape = read_shape(annotation)
    try:
        converted = msgspec.convert(plain, annotation, strict=True, str_keys=True, dec_hook=_decode)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, UnsupportedAnnotationError):
            raise error.__cause__ from None
        raise together(explain(error, value, annotation, subject)) from error
    unknown = list(unknown_keys(value, shape, subject))  # msgspec passes them over
    if unknown:
        raise together(unknown)
    return converted


def _decode(kind: Any, plain: Any) -> Any:
    """Convert to what msgspec does not know."""
    if isinstance(kind, type) and issubclass(kind, PurePath):
        if isinstance(plain, str):
            return kind(plain)
        raise TypeError("Expected `path`")
    if hasattr(kind, "model_validate"):
        return kind.model_validate(plain)
    raise UnsupportedAnnotationError(_name(kind))


def _convert_to_any(value: Value, union: Any, subject: str, refusal: ConfigError) -> Any:
    """Try the members of a union that msgspec cannot tell apart, in their order."""
    refusals = []
    for member in typing.get_args(union):
        if member is types.NoneType:
            continue
        try:
            return convert(value, member, subject)
        except _UnsupportedError:
            continue
        except ConfigError as error:
            refusals.append(error)
    if len(refusals) < 2:
        raise (refusals or [refusal])[0]
    reasons = "; ".join(str(each) for error in refusals for each in error.each())
    raise ConfigError(f"{subject} fits no member of {_name(union)!r}", where=str(value.origin), hint=reasons)


class _UnsupportedError(ConfigError):
    """The user's side of `UnsupportedAnnotationError`."""


_SUPPORTED = "parameters can be converted to scalars, Literal, enums, lists, dicts, dataclasses and models"


def _unsupported(value: Value, annotation: Any, subject: str, error: Exception) -> ConfigError:
    detail = f": {error}" if str(error) != _name(annotation) else ""
    return _UnsupportedError(
        f"{subject} cannot be converted to its annotation {_name(annotation)!r}{detail}",
        where=str(value.origin),
        hint=f"{_SUPPORTED}; leave the annotation out to take the value as it is",
    )


def _name(annotation: Any) -> str:
    return annotation.__qualname__ if isinstance(annotation, type) else str(annotation)


def parameter_annotations(func: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotations of a function's arguments, resolved; those that cannot be resolved are left out.

    Args:
        func: a function, a partial, or an object that can be called.

    Example:
        >>> def fit(frame, *, alpha: "float", shape: "Unknown"): ...
        >>> parameter_annotations(fit)
        {'alpha': <class 'float'>}
    """
    func = _function(func)
    declared = _declared(func)
    written = {name: annotation for name, annotation in declared.items() if name != "return"}
    if all(isinstance(annotation, type) for annotation in written.values()):
        return written
    names = getattr(_innermost(func), "__globals__", {})
    resolved = {name: _resolve(annotation, names) for name, annotation in written.items()}
    return {name: annotation for name, annotation in resolved.items() if annotation is not None}


def _function(func: Any) -> Any:
    """Return what a partial or an object that can be called calls."""
    while isinstance(func, partial):
        func = func.func
    return func if hasattr(func, "__annotations__") else getattr(type(func), "__call__", func)  # noqa: B004


def _declared(func: Any) -> dict[str, Any]:
    try:
        return dict(getattr(func, "__annotations__", None) or {})
    except NameError:  # evaluated only when asked for, from Python 3.14 on
        return {}


def _innermost(func: Any) -> Any:
    while hasattr(func, "__wrapped__"):
        func = func.__wrapped__
    return func


def _resolve(annotation: Any, names: dict[str, Any]) -> Any:
    """Return an annotation with its texts evaluated, or ``None`` if that fails, as for names of ``TYPE_CHECKING``."""
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, names, include_extras=True)["it"]
    except Exception:  # noqa: BLE001  # the text may be any expression
        return None
