"""Names for runs that no other machine gives, and that sort by time."""

from __future__ import annotations

import os
from time import time_ns


def new_run_id() -> str:
    """Return a UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds since the epoch, then random ones."""
    milliseconds = time_ns() // 1_000_000
    number = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
