"""The numbers in a metrics dataset, whatever its shape: by name, by slice and by step where it has them."""

from __future__ import annotations

from math import isnan
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST = 100_000
"""Numbers taken from one version; what is longer is no set of metrics."""

STEPS = ("step", "epoch", "iteration")
"""Keys and columns that number the steps of a series."""

Metric = tuple[str, str, int, float]
"""Name, slice (the keys above it, with dots), step, value."""


def metrics_in(value: Any) -> tuple[Metric, ...]:
    """Return the numbers in a value.

    A mapping names them; mappings in it are slices; a list in it is a series of steps, of numbers or of mappings,
    whose ``step`` or ``epoch`` numbers them if they have one. A table is a list of its rows: the texts in a row say
    which slice it is, or, in columns ``name`` and ``value``, which metric. Anything else has no metrics.

    Example:
        >>> metrics_in({"accuracy": 0.9, "test": {"loss": [0.5, 0.4]}})
        (('accuracy', '', 0, 0.9), ('loss', 'test', 0, 0.5), ('loss', 'test', 1, 0.4))
    """
    if hasattr(value, "to_dicts"):  # polars
        value = value.to_dicts()
    elif hasattr(value, "to_dict") and hasattr(value, "columns"):  # pandas
        value = value.to_dict("records")
    found: dict[tuple[str, str, int], float] = {}
    for name, inner, step, number in _walk(value, ()):
        found.setdefault((name, inner, step), number)
        if len(found) >= MOST:
            break
    return tuple([(*key, number) for key, number in found.items()])


def _walk(value: Any, path: tuple[str, ...], step: int = 0) -> Iterator[Metric]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, str(key)), step)
    elif isinstance(value, (list, tuple)):
        yield from _series(value, path)
    elif _is_real(value) and path:
        number = float(value)
        if not isnan(number):  # SQLite has no place for what is not a number
            yield path[-1], ".".join(path[:-1]), step, number


def _series(items: Iterable[Any], path: tuple[str, ...]) -> Iterator[Metric]:
    for position, item in enumerate(items):
        if not isinstance(item, dict):
            yield from _walk(item, path, position)
            continue
        numbered = next((key for key in STEPS if _is_real(item.get(key))), None)
        step = int(item[numbered]) if numbered else position
        texts = {key: text for key, text in item.items() if isinstance(text, str)}
        if "value" in item and "name" in texts:
            inner = [texts[key] for key in texts if key != "name"]
            yield from _walk(item["value"], (*path, *inner, texts["name"]), step if numbered else 0)
            continue
        for key, inner_value in item.items():
            if key not in texts and key != numbered:
                yield from _walk(
                    inner_value, (*path, *texts.values(), str(key)), 0 if texts and not numbered else step
                )


def _is_real(value: Any) -> bool:
    """Tell a number from what only counts as one: truth values, and complex numbers."""
    return isinstance(value, Real) and value is not True and value is not False
