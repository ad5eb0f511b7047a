"""What may be shown of an entry: nothing that is named like a secret, or stands in a URL as one."""

from __future__ import annotations

import re
from typing import Any

from mlflow_tmpl.masking import MASK, mask_text, mask_urls, secret_texts

__all__ = ["hides", "mask_urls", "qualified_name", "secret_texts", "showable"]

_NAMES = re.compile(
    r"(^|[_-])(password|passwd|pwd|secret|token|credentials?|signature|storage_options"
    r"|(api|access|account|private|secret|sas)[_-]?key)$",
    re.IGNORECASE,
).search


def passwords_in(url: str) -> tuple[str, ...]:
    """Return the password that a URL carries, which an error of a library may quote without the URL.

    Example:
        >>> passwords_in("sftp://me:hush@host/x.csv"), passwords_in("data/x.csv")
        (('hush',), ())
    """
    if "@" not in url or "://" not in url:
        return ()
    from urllib.parse import urlsplit

    return tuple(secret_texts(urlsplit(url).password))


def showable(plain: Any) -> Any:
    """Return settings as JSON can hold them, with what is named like a secret masked."""
    if isinstance(plain, dict):
        return {str(key): MASK if _NAMES(str(key)) else showable(value) for key, value in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [showable(value) for value in plain]
    if isinstance(plain, str):
        return mask_text(plain)
    if plain is None or isinstance(plain, (bool, int, float)):
        return plain
    return qualified_name(plain) or mask_text(repr(plain))


def hides(plain: Any) -> bool:
    """Tell whether a file of configuration, as plain data, has a secret in it, as far as names and URLs show.

    Example:
        >>> hides({"raw": {"credentials": "lake"}}), hides({"raw": {"load_args": {"api_key": "hush"}}})
        (False, True)
    """
    if isinstance(plain, dict):
        plain = {name: _without_reference(entry) for name, entry in plain.items()}
    return bool(showable(plain) != plain)


def _without_reference(entry: Any) -> Any:
    """Return an entry without the name of its credentials, which is none itself."""
    if not isinstance(entry, dict) or not isinstance(entry.get("credentials"), str):
        return entry
    return {key: value for key, value in entry.items() if key != "credentials"}


def qualified_name(thing: Any) -> str:
    """Return ``module.name`` of a class or function, or an empty string for anything else."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    return f"{module}.{name}" if module and name else ""
