"""Plain data as JSON, so that its text can be compared and hashed."""

from __future__ import annotations

from json import encoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _encoder(*, sort_keys: bool) -> Callable[[Any], str]:
    """Return what writes JSON; made once, and bound here: nodes may put something of their own into `json`.

    `JSONEncoder.encode` makes an encoder in C a call, which takes thrice as long as encoding what a node saved (2 us).
    """
    plain = encoder.JSONEncoder(sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False, default=str)
    make = getattr(encoder, "c_make_encoder", None)  # another Python than CPython may have none
    if make is None:
        return plain.encode
    parts = make(None, str, encoder.encode_basestring, None, ":", ",", sort_keys, False, True)
    return lambda data: "".join(parts(data, 0))


_CANONICAL = _encoder(sort_keys=True)
_PLAIN_TEXT = _encoder(sort_keys=False)


def canonical_json(data: Any) -> str:
    """Return JSON that is the same for equal data, whatever the order of its keys."""
    return _CANONICAL(data)


def plain_json(data: Any) -> str:
    """Return JSON that is the same for the same data in the same order."""
    return _PLAIN_TEXT(data)


def value_text(value: Any) -> str:
    """Return a value as people write it on the command line: a text as it is, all else as JSON.

    Example:
        >>> value_text("a"), value_text(True), value_text([1, 2])
        ('a', 'true', '[1,2]')
    """
    return value if isinstance(value, str) else plain_json(value)
