"""What must not be shown: credentials, and the passwords and signatures that URLs carry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"

SHORTEST_MASKED = 4
"""Shorter values are left: masking every 'a' of a message tells more than it hides."""

_NAMES = re.compile(
    r"(^|[_-])(password|passwd|pwd|secret|token|credentials?|signature|storage_options"
    r"|(api|access|account|private|secret|sas)[_-]?key)$",
    re.IGNORECASE,
).search
_LOGIN = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]+(?=@)")
_SIGNED = re.compile(
    r"([?&][\w-]*(?:sig|signature|credential|token|password|secret|key)=)[^&\s'\"]+", re.IGNORECASE
)


def mask_urls(text: str) -> str:
    """Return a text with the passwords and signatures of the URLs in it masked.

    Example:
        >>> mask_urls("sftp://me:hush@host/x.csv?sig=abc")
        'sftp://me:***@host/x.csv?sig=***'
    """
    if "://" not in text and "=" not in text:  # an error may quote a URL from its path on
        return text
    return _SIGNED.sub(rf"\1{MASK}", _LOGIN.sub(rf"\1:{MASK}", text))


def mask_values(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every known secret in it masked, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return mask_urls(text)


def secret_texts(plain: Any) -> Iterator[str]:
    """Yield the values of some credentials that are long enough to be looked for in messages."""
    if isinstance(plain, dict):
        for value in plain.values():
            yield from secret_texts(value)
    elif isinstance(plain, (list, tuple)):
        for value in plain:
            yield from secret_texts(value)
    elif plain is not None and not isinstance(plain, bool) and len(str(plain)) >= SHORTEST_MASKED:
        yield str(plain)


def showable(plain: Any) -> Any:
    """Return settings as JSON can hold them, with what is named like a secret masked."""
    if isinstance(plain, dict):
        return {str(key): MASK if _NAMES(str(key)) else showable(value) for key, value in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [showable(value) for value in plain]
    if isinstance(plain, str):
        return mask_urls(plain)
    if plain is None or isinstance(plain, (bool, int, float)):
        return plain
    return qualified_name(plain) or mask_urls(repr(plain))


def qualified_name(thing: Any) -> str:
    """Return ``module.name`` of a class or function, or an empty string for anything else."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    return f"{module}.{name}" if module and name else ""
