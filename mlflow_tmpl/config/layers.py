"""Layers of configuration: the files of one, and one put over another."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import NoReturn

from mlflow_tmpl.config.values import Origin, Value
from mlflow_tmpl.config.yaml import read_yaml
from mlflow_tmpl.errors import ConfigError, place

_SUFFIXES = (".yml", ".yaml")


def merge(base: Value, over: Value) -> Value:
    """Return one value put over another.

    Mappings are merged key by key, all else is replaced and remembered as what was overridden. Merging is
    associative: what several layers give does not depend on which two are merged first. That is why a mapping that
    has replaced something else is not merged with a mapping further below.

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
    if not (base.is_mapping and over.is_mapping):
        return replace(over, overrode=base)
    merged = dict(base.data)
    for key, value in over.data.items():
        merged[key] = merge(merged[key], value) if key in merged else value
    last = over if over.data else base
    return Value(merged, last.origin, base.overrode, last.key)


def layer_files(folder: Path, stem: str) -> tuple[Path, ...]:
    """Return the files of one kind in a layer: ``<stem>*.yml`` and all below ``<stem>/``, in a fixed order.

    Hidden files and folders are left out: they are what editors and notebooks leave behind.
    """
    found = [path for path in _yaml_files(folder) if path.name.startswith(stem)]
    if (folder / stem).is_dir():
        for parent, folders, _ in os.walk(folder / stem, onerror=_refuse_folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += _yaml_files(Path(parent))
    return tuple(sorted(found, key=Path.as_posix))


def _yaml_files(folder: Path) -> list[Path]:
    try:
        paths = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        _refuse_folder(error)
    return [path for path in paths if _is_yaml_file(path)]


def _is_yaml_file(path: Path) -> bool:
    # "not a folder" and not "is a file": a link that leads nowhere has to be read to be complained about.
    return path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def _refuse_folder(error: OSError) -> NoReturn:
    reason = error.strerror or type(error).__name__
    raise ConfigError(f"folder cannot be read: {reason}", where=place(error.filename or "")) from error


def read_layer(folder: Path, stem: str, *, entries: bool = False) -> Value:
    """Return what the files of one kind in a layer hold together.

    Args:
        folder: the layer, such as ``conf/base``; one that is missing is empty.
        stem: ``parameters``, ``catalog`` or ``credentials``.
        entries: whether each top-level key is a whole, such as a catalog entry, that no second file may add to. Keys
            that begin with ``_`` then hold anchors and are left out.

    Raises:
        ConfigError: a file cannot be read or is no mapping, or two files say the same key.
    """
    parts = [_read_mapping(path, entries) for path in layer_files(folder, stem)]
    empty = Value({}, Origin(os.fspath(folder / stem)))
    return reduce(lambda left, right: _join(left, right, "", entries), parts, empty)


def _read_mapping(path: Path, entries: bool) -> Value:
    value = read_yaml(path)
    if not value.is_mapping:
        raise ConfigError("file is no mapping", where=str(value.origin), hint="write 'key: value' lines")
    if not entries:
        return value
    kept = {key: entry for key, entry in value.data.items() if not key.startswith("_")}
    return replace(value, data=kept)


def _join(left: Value, right: Value, prefix: str, entries: bool) -> Value:
    """Return two files of a layer as one; neither weighs more, so they must not say the same."""
    joined = dict(left.data)
    for key, value in right.data.items():
        earlier = joined.get(key)
        if earlier is None:
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
