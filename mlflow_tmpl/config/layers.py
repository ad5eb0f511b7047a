"""Layers of configuration: the files of one, and one put over another."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from mlflow_tmpl.config.values import Origin, Value, Whole
from mlflow_tmpl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlflow_tmpl.config.sources import File


def merge(base: Value, over: Value) -> Value:
    """Return one value put over another.

    Mappings are merged key by key, unless the upper one is a `Whole`; all else is replaced and remembered as what
    was overridden. Merging is associative: what several layers give does not depend on which two are merged first.
    That is why a mapping that has replaced something else is not merged with a mapping further below.

    Args:
        base: the lower layer.
        over: the layer that weighs more.

    Example:
        >>> from mlflow_tmpl.config.values import located
        >>> base = located({"a": {"b": 1, "c": [1, 2]}}, Origin("base.yml"))
        >>> local = located({"a": {"c": [3]}}, Origin("local.yml"))
        >>> merge(base, local).plain()
        {'a': {'b': 1, 'c': [3]}}
    """
    if over.overrode is not None:
        return replace(over, overrode=merge(base, over.overrode))
    if isinstance(over, Whole) or not (base.is_mapping and over.is_mapping):
        return replace(over, overrode=base)
    merged = dict(base.data)
    for key, value in over.data.items():
        merged[key] = merge(merged[key], value) if key in merged else value
    last = over if over.data else base
    return replace(base, data=merged, origin=last.origin, key=last.key)


def read_layer(files: Iterable[File], *, entries: bool = False) -> Value:
    """Return what the files of one kind in a layer hold together.

    Args:
        files: of one kind, in a fixed order.
        entries: whether each top-level key is a whole, such as a catalog entry, that no second file may add to. Keys
            that begin with ``_`` then hold anchors and what interpolations share: several files may have one, and the
            last one counts.

    Raises:
        ConfigError: a file cannot be read or is no mapping, or two files say the same key.
    """
    return reduce(
        lambda left, right: _join(left, right, "", entries), map(read_mapping, files), Value({}, Origin(""))
    )


def read_mapping(file: File) -> Value:
    """Return what a file holds; a mark to replace at its top holds for each of its keys.

    Raises:
        ConfigError: it cannot be read, or is no mapping.
    """
    value = file.read()
    if not value.is_mapping:
        raise ConfigError("file is no mapping", where=str(value.origin), hint="write 'key: value' lines")
    if not isinstance(value, Whole):
        return value
    whole = {key: Whole(each.data, each.origin, None, each.key) for key, each in value.data.items()}
    return Value(whole, value.origin)


def read_parameters(path: Path) -> Value:
    """Return the parameters of one file, outside of any layer.

    Raises:
        ConfigError: it cannot be read, or is no mapping.
    """
    from mlflow_tmpl.config.sources import Local

    return read_mapping(Local(path))


def _join(left: Value, right: Value, prefix: str, entries: bool) -> Value:
    """Return two files of a layer as one; neither weighs more, so they must not say the same."""
    joined = dict(left.data)
    for key, value in right.data.items():
        earlier = joined.get(key)
        if earlier is None or (entries and key.startswith("_")):
            joined[key] = value
        elif entries or not (earlier.is_mapping and value.is_mapping):
            raise ConfigError(
                f"key {prefix + key!r} is given twice in one layer, first at {earlier.key_origin}",
                where=str(value.key_origin),
                hint="remove one of them",
            )
        else:
            joined[key] = _join(earlier, value, f"{prefix}{key}.", entries)
    return replace(left if left.data else right, data=joined)
