"""What a plain scalar means: the core of YAML 1.2, less what YAML 1.1 reads as something else.

Source: YAML 1.2.2, 10.3.2 (core schema); YAML 1.1 type repository (bool, int, float).
"""

from __future__ import annotations

import re
from typing import Any

MAX_DIGITS = 1000
"""Length of the longest number taken: reading digits costs their square."""

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SWITCHES = {"y": "true", "yes": "true", "on": "true", "n": "false", "no": "false", "off": "false"}
_LONGEST_SWITCH = max(map(len, _SWITCHES))
_NUMBER_START = frozenset("+-.0123456789")

_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)").fullmatch
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+").fullmatch
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)").fullmatch


class AmbiguousScalarError(ValueError):
    """A plain scalar that readers of YAML do not agree about.

    Args:
        text: as it was written.
        meant: how to write the switch or number that it may stand for.
    """

    def __init__(self, text: str, meant: str) -> None:
        super().__init__(text)
        self.text = text
        self.meant = meant


class LongNumberError(ValueError):
    """A number of more digits than anyone means."""


def _sexagesimal(text: str) -> str:
    parts = text.replace("_", "").lstrip("+-").split(":")
    seconds = 0.0 if "." in parts[-1] else 0
    for part in parts:
        seconds = seconds * 60 + (float(part) if "." in part else int(part))
    return f"-{seconds}" if text.startswith("-") else str(seconds)


def _integer(text: str, base: int) -> str:
    return str(int(text.replace("_", ""), base))


# Each row: what YAML 1.1 and 1.2 read differently, and how to write the number that it most likely stands for.
_AMBIGUOUS = (
    (re.compile(r"[-+]?0b[01_]*[01][01_]*"), lambda text: _integer(text, 2)),
    (re.compile(r"[-+]?0o[0-7_]*[0-7][0-7_]*"), lambda text: _integer(text, 8)),
    (re.compile(r"[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*"), lambda text: _integer(text, 16)),
    (re.compile(r"[-+]?0[0-9_]+"), lambda text: _integer(text, 10)),
    (re.compile(r"[-+]?[1-9][0-9_]*"), lambda text: _integer(text, 10)),
    (re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"), _sexagesimal),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"), _sexagesimal),
    (
        re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?"),
        lambda text: str(float(text.replace("_", ""))),
    ),
)


def resolve(text: str) -> Any:
    """Return what a plain scalar, one without quotes, stands for.

    Raises:
        AmbiguousScalarError: YAML 1.1 and 1.2 read it differently.
        LongNumberError: it is a number of more than `MAX_DIGITS` digits.

    Example:
        >>> [resolve(text) for text in ("1e-3", "0x1F", "~", "True", "2024-01-31", "NaNs")]
        [0.001, 31, None, True, '2024-01-31', 'NaNs']
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        return _number(text)
    if len(text) <= _LONGEST_SWITCH and (meant := _SWITCHES.get(text.lower())):
        raise AmbiguousScalarError(text, meant)
    return text


def _number(text: str) -> Any:
    if _DECIMAL(text):
        return int(_short(text))
    if _FLOAT(text) and not _has_leading_zero(text):
        return float(_short(text))
    if _HEXADECIMAL(text):
        return int(_short(text), 16)
    if _SPECIAL(text):
        return float(text.replace(".", ""))
    for pattern, meant in _AMBIGUOUS:
        if pattern.fullmatch(text):
            raise AmbiguousScalarError(text, meant(_short(text)))
    return text


def _short(text: str) -> str:
    if len(text) > MAX_DIGITS:
        raise LongNumberError(text)
    return text


def _has_leading_zero(text: str) -> bool:
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits.isdigit()
