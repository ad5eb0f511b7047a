"""What a remote store says of a file, taken for its fingerprint where that changes with the content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Fingerprint = Literal["version", "stat", "content"]

VERSION: Fingerprint = "version"

FINGERPRINTS: tuple[Fingerprint, ...] = (VERSION, "stat", "content")
"""By the store's own checksum or version; by size and time, where the user says that this is enough; by reading
all of it."""

_CHECKSUMS = (
    "ETag",
    "etag",
    "md5",
    "md5Hash",
    "md5_hash",
    "content_md5",
    "Content-MD5",
    "Digest",
    "sha256",
    "crc32c",
)
_VERSIONS = ("VersionId", "version_id", "versionId", "generation")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "mtime", "modified", "updated")


def version_of(info: Mapping[str, Any]) -> str | None:
    """Return the checksum or version in what a file system says of a file; ``None`` if there is none to rely on.

    A checksum comes before a version: the same content saved again is the same. Size and time are neither:
    SFTP tells times in seconds, and copying tools set them. A weak ETag stands for content that is merely
    as good.

    Example:
        >>> version_of({"size": 3, "ETag": '"abc"'}), version_of({"size": 3, "mtime": 1}), version_of({"ETag": 'W/"a"'})
        ('ETag:abc', None, None)
    """
    for key in (*_CHECKSUMS, *_VERSIONS):
        value = info.get(key)
        if value is not None and not str(value).startswith("W/"):
            text = value.hex() if isinstance(value, (bytes, bytearray)) else str(value).strip('"')
            if text and text != "null":
                return f"{key}:{text}"
    return None


def stat_of(info: Mapping[str, Any]) -> str | None:
    """Return size and time of a file as a text; ``None`` if its store tells no time."""
    time = next((info[key] for key in _TIMES if info.get(key) is not None), None)
    return None if time is None else f"stat:{info.get('size')}:{time}"
