"""Plain data as JSON, so that its text can be compared and hashed."""

from __future__ import annotations

import json
from typing import Any

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
_PLAIN_TEXT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str)
"""Made once: `json.dumps` makes one a call, which costs as much as encoding what a node saved (4 us)."""


def canonical_json(data: Any) -> str:
    """Return JSON that is the same for equal data, whatever the order of its keys."""
    return _CANONICAL.encode(data)


def plain_json(data: Any) -> str:
    """Return JSON that is the same for the same data in the same order."""
    return _PLAIN_TEXT.encode(data)
