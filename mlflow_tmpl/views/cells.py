"""Text measured in the columns of a terminal, where a Chinese character takes two and an accent none."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import combining, east_asian_width


def columns(text: str) -> int:
    """Return how many columns a text takes.

    Example:
        >>> columns("abc"), columns("数据")
        (3, 4)
    """
    if text.isascii():
        return len(text)
    return _columns(text)


@lru_cache(maxsize=1024)
def _columns(text: str) -> int:
    return sum([_columns_of(character) for character in text])


def _columns_of(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def harmless(text: str, *, ascii_only: bool = False) -> str:
    r"""Return a text with escapes for what a terminal would obey, or cannot show.

    Example:
        >>> harmless("a\x1b[2J"), harmless("größe", ascii_only=True)
        ('a\\x1b[2J', 'gr\\xf6\\xdfe')
    """
    if text.isprintable() and (not ascii_only or text.isascii()):
        return text
    if ascii_only:
        text = text.encode("ascii", "backslashreplace").decode()
    return "".join([each if each.isprintable() else _escaped(each) for each in text])


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def fit(text: str, room: int, ellipsis: str = "…") -> str:
    """Return a text that takes at most `room` columns; what is cut off is shown by `ellipsis`.

    Example:
        >>> fit("normalise_features", 10)
        'normalise…'
    """
    if columns(text) <= room:
        return text
    kept, used, room = [], 0, room - columns(ellipsis)
    for character in text:
        used += _columns_of(character)
        if used > room:
            break
        kept.append(character)
    return "".join(kept) + ellipsis if room >= 0 else ""


def pad(text: str, room: int, ellipsis: str = "…") -> str:
    """Return a text that takes exactly `room` columns, cut or filled up with blanks."""
    shown = fit(text, room, ellipsis)
    return shown + " " * (room - columns(shown))
