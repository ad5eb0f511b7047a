"""What must not be seen: secrets, which never print, and what knows them in texts of others."""

from __future__ import annotations

import json
import re
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "***"

SHORTEST_MASKED = 4
"""Shorter values are left: masking every 'a' of a message tells more than it hides."""

_SHORTEST_VARIABLE = 8
"""Shorter values of environment variables are left: they are words such as ``prod``."""

_LOGIN = re.compile(r"(?<=://)([^/@:\s'\"]*):[^/\s'\"]+(?=@)")
_SIGNED = re.compile(
    r"([?&;][\w.-]*(?:sig|signature|credential|token|password|passwd|pwd|secret|key)=)(?:[^&\s'\"<>;\\]|\\[^\s'\"])+",
    re.IGNORECASE,
)
_KEYED = re.compile(
    r"((?:^|[;\s'\"?&])(?:password|passwd|pwd|accountkey|sharedaccesskey|sharedaccesssignature|client_?secret)\s?=\s?)"
    r"(?!\s|['\"]?\*\*\*)('[^']*'|(?:[^;\s'\"&<>,)\\]|\\[^\s'\"])+)",
    re.IGNORECASE,
)


class Secret:
    """A value that never prints: it is shown as ``***`` wherever it is put, and given out by `reveal` only.

    Example:
        >>> key = Secret("hush")
        >>> f"{key} {key!r} {key!s:>5}", key.reveal()
        ('*** ***   ***', 'hush')
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value.reveal() if isinstance(value, Secret) else value

    def reveal(self) -> Any:
        """Return the value, for a library that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash((Secret, repr(self._value)))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled, so that it lies in no file: reveal() it where it is needed")


class Secrets:
    """The secrets that a process knows, and the masking of texts that they are in."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[Secrets], tuple[()]]:
        """Leave out what is known: it goes into no file and no other process."""
        return Secrets, ()

    @classmethod
    def of(cls, revealed: Mapping[str, str]) -> Secrets:
        """Return what another process has revealed."""
        known = cls()
        known._known = dict(revealed)
        return known

    def reveal(self) -> dict[str, str]:
        """Return each text with what is shown for it, for a worker that has to mask them too."""
        with self._lock:
            return dict(self._known)

    def add(self, plain: Any) -> None:
        """Take note of credentials: every text and number in them that is long enough to be told from others."""
        for text in secret_texts(plain):
            self._note(text, MASK)

    def add_variable(self, name: str, value: str) -> None:
        """Take note of what an environment variable gave; a path is no secret, and stays to be seen."""
        is_path = value.startswith(("/", "~", ".")) or value[1:3] in (":\\", ":/")
        if len(value) >= _SHORTEST_VARIABLE and not is_path:
            self._note(value, f"env:{name}")

    def mask(self, text: str) -> str:
        """Return a text with every known secret masked, and the passwords and signatures of URLs."""
        return mask_text(self.mask_known(text))

    def mask_known(self, text: str) -> str:
        """Return a text with every known secret masked."""
        pattern = self._compiled()
        if pattern is None:
            return text
        return pattern.sub(lambda found: self._known[found.group()], text)

    def mask_data(self, data: Any) -> Any:
        """Return plain data with every text in it masked."""
        if isinstance(data, str):
            return self.mask(data)
        if isinstance(data, dict):
            return {self.mask_known(str(key)): self.mask_data(value) for key, value in data.items()}
        if isinstance(data, (list, tuple)):
            return [self.mask_data(value) for value in data]
        return data

    def _note(self, text: str, shown: str) -> None:
        if text in self._known and self._known[text] == MASK:
            return
        with self._lock:
            for each in (
                text,
                json.JSONEncoder().encode(text)[1:-1],
                quote(text, safe=""),
                quote_plus(text),
                repr(text)[1:-1],
            ):
                self._known[each] = shown
            self._pattern = None

    def _compiled(self) -> re.Pattern[str] | None:
        if self._pattern is None and self._known:
            with self._lock:
                longest = sorted(self._known, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(_whole, longest)))
        return self._pattern


def _whole(text: str) -> str:
    """Return a pattern for a secret; a number is looked for as a whole, not within longer ones."""
    return rf"(?<![\d.]){text}(?![\d.])" if text.isdecimal() else re.escape(text)


def mask_urls(text: str) -> str:
    """Return a text with the passwords and signatures of the URLs in it masked.

    Example:
        >>> mask_urls("sftp://me:hush@host/x.csv?sig=abc")
        'sftp://me:***@host/x.csv?sig=***'
    """
    if "://" not in text and "=" not in text:  # an error may quote a URL from its path on
        return text
    return _SIGNED.sub(rf"\1{MASK}", _LOGIN.sub(rf"\1:{MASK}", text))


def mask_text(text: str) -> str:
    """Return a text with the passwords of URLs and of connection strings in it masked.

    Example:
        >>> mask_text("Server=db;User Id=me;Password=hush;Encrypt=true")
        'Server=db;User Id=me;Password=***;Encrypt=true'
    """
    masked = mask_urls(text)
    return _KEYED.sub(rf"\1{MASK}", masked) if "=" in masked else masked


def secret_texts(plain: Any) -> list[str]:
    """Return the values of some credentials that are long enough to be looked for in messages.

    Short numbers, such as ports, are left: they stand in too many texts by chance.
    """
    if isinstance(plain, Secret):
        return secret_texts(plain.reveal())
    if isinstance(plain, dict):
        return [text for value in plain.values() for text in secret_texts(value)]
    if isinstance(plain, (list, tuple)):
        return [text for value in plain for text in secret_texts(value)]
    if plain is None or isinstance(plain, bool):
        return []
    text = str(plain)
    shortest = SHORTEST_MASKED + 2 if text.isdecimal() else SHORTEST_MASKED
    return [text] if len(text) >= shortest else []
