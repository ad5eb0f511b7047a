"""Pictures as they lie on the disk: how large they are, told by their first bytes."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from mlflow_tmpl.views.contents import Content

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PICTURES: Mapping[str, str] = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
"""Suffixes of what a browser shows, with the media type of each."""

MOST_BYTES = 8 << 20
"""A larger picture is not put into a page."""

_SVG_SIZE = re.compile(
    rb"<svg[^>]*?\bwidth=\"([\d.]+)(?:pt|px)?\"[^>]*?\bheight=\"([\d.]+)(?:pt|px)?\"", re.DOTALL
).search
_SVG_BOX = re.compile(rb"<svg[^>]*?\bviewBox=\"[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)\"", re.DOTALL).search


def picture_of(path: Path) -> Content:
    """Return what is known of a picture without a library for it."""
    media = PICTURES[path.suffix.lower()]
    with open(path, "rb") as file:
        head = file.read(1 << 16)
        content = head + file.read(MOST_BYTES + 1 - len(head))
    shape = _size(head, media)
    shown = content if len(content) <= MOST_BYTES else b""
    facts = {"format": media.partition("/")[2].partition("+")[0].upper()}
    return Content("picture", "", shape, facts=facts, picture=shown, media=media)


def _size(head: bytes, media: str) -> tuple[int | None, ...] | None:
    """Return width and height, ``None`` if they cannot be told."""
    if media == "image/png" and head[:8] == b"\x89PNG\r\n\x1a\n" and len(head) >= 24:
        return struct.unpack(">II", head[16:24])  # PNG specification, section 11.2.2: IHDR comes first
    if media == "image/gif" and head[:3] == b"GIF" and len(head) >= 10:
        return struct.unpack("<HH", head[6:10])
    if media == "image/svg+xml":
        found = _SVG_SIZE(head) or _SVG_BOX(head)
        return (round(float(found[1])), round(float(found[2]))) if found else None
    return _jpeg_size(head) if media == "image/jpeg" else None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Return what the frame header says (ITU-T T.81, section B.2.2); segments before it are passed over."""
    at = 2
    while at + 9 < len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], struct.unpack(">H", head[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
