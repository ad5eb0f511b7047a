"""What nodes, datasets and parameters may be called."""

from __future__ import annotations

import re
from functools import lru_cache

PARAMETERS = "parameters"
PARAMETER_PREFIX = "params:"

_WORD = re.compile(r"[\w.-]+").fullmatch
_DATASET = re.compile(r"[\w.-]+(@[\w.-]+)?|params:[\w.-]+").fullmatch


@lru_cache(maxsize=1 << 16)
def is_dataset_name(name: str) -> bool:
    """Tell whether a name may stand for a dataset (``name`` or ``name@view``) or a parameter."""
    return _DATASET(name) is not None


def is_word(name: str) -> bool:
    """Tell whether a name may stand for a node, a tag, a namespace or a pipeline."""
    return _WORD(name) is not None


def is_parameter(name: str) -> bool:
    """Tell whether a node's input is a parameter and not a dataset."""
    return name.startswith(PARAMETER_PREFIX) or name == PARAMETERS


def parameter_key(name: str) -> str:
    """Return the dotted key of ``params:a.b``; empty for ``parameters``, which is all of them."""
    return name[len(PARAMETER_PREFIX) :] if name != PARAMETERS else ""


def base_name(name: str) -> str:
    """Return a dataset's name without its ``@view``: what edges are made by."""
    return name.partition("@")[0]


_ITEM = re.compile(r"([^\[@]+)\[([^\[\]@]+)\](@[\w.-]+)?").fullmatch


def item_name(name: str, item: str) -> str:
    """Return what one part of a dataset is called.

    Example:
        >>> item_name("raw", "2024-01"), item_name("raw@pandas", "2024-01")
        ('raw[2024-01]', 'raw[2024-01]@pandas')
    """
    base, at, view = name.partition("@")
    return f"{base}[{item}]{at}{view}"


def split_item(name: str) -> tuple[str, str] | None:
    """Return a dataset and which part of it a name means; ``None`` if it means a whole one."""
    found = _ITEM(name) if "[" in name else None
    return (f"{found[1]}{found[3] or ''}", found[2]) if found else None


def whole_name(name: str) -> str:
    """Return the dataset that a name means, or means a part of."""
    found = split_item(name)
    return found[0] if found else name
