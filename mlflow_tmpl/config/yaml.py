"""Reading YAML into values with origins; see `mlflow_tmpl.config.scalars` for what a scalar means."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.values import REPLACE, Origin, Value, marked_below
from mlflow_tmpl.errors import ConfigError, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_BYTES = 10_000_000
"""Size of the largest file that is read."""

SUFFIXES = (".yml", ".yaml")
"""What files of configuration end in."""

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_NOT_PRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_TAB_INDENT = r" *\t"

# Each row: what a problem or its context contains, and what most often mends it.
_HINTS = (
    (
        "mapping values are not allowed",
        "put text that contains ': ' in quotes, and indent the keys of a mapping alike",
    ),
    ("could not find expected ':'", "write 'key: value', with a space after the colon"),
    ("cannot start any token", "put text that begins with a special character in quotes"),
    ("scanning an alias", "put text that begins with '*' in quotes"),
    ("scanning an anchor", "put text that begins with '&' in quotes"),
    ("scanning a directive", "put text that begins with '%' in quotes"),
    ("unknown escape character", "write backslashes in 'single' quotes"),
    ("expected hexdecimal", "write backslashes in 'single' quotes"),
    ("a quoted scalar", "close the quotes, and double a quote within"),
    ("flow mapping", "close it with '}', with commas between the entries"),
    ("flow sequence", "close it with ']', with commas between the items"),
    ("block mapping", "indent the keys of a mapping alike"),
    ("block collection", "indent the items of a list alike"),
    ("tag handle", "put text that begins with '!' in quotes"),
    ("expected <document start>", "indent the keys of a mapping alike"),
)


def read_yaml(path: Path, parse: Callable[[bytes, str], Value] | None = None) -> Value:
    """Return what a file holds; an empty one is an empty mapping.

    Args:
        path: of the file.
        parse: what parses it; `parse_yaml` if not given.

    Raises:
        ConfigError: the file cannot be read, or not as YAML of our kind.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            raw = b"" if size > MAX_BYTES else file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"file cannot be read: {reason}", where=place(path)) from error
    _check_size(max(size, len(raw)), os.fspath(path))
    return (parse or parse_yaml)(raw, os.fspath(path))


def parse_yaml(text: str | bytes, source: str) -> Value:
    r"""Return what a text in YAML holds; nothing, or ``null``, is an empty mapping.

    Args:
        text: at most `MAX_BYTES` of UTF-8.
        source: the file that it is from, for the origins and the errors.

    Raises:
        ConfigError: with file, line and column.

    Example:
        >>> value = parse_yaml("train:\n  alpha: 1e-3", "parameters.yml").get("train.alpha")
        >>> value.data, str(value.origin)
        (0.001, 'parameters.yml:2:10')
    """
    composed = compose_yaml(text, source)
    if composed is None or composed.data is None:
        return Value({}, Origin(source, 1, 1))
    mark = REPLACE.encode() if isinstance(text, bytes) else REPLACE
    return marked_below(composed) if mark in text else composed  # type: ignore[operator]  # of one kind


def compose_yaml(text: str | bytes, source: str) -> Value | None:
    """Return what a text in YAML holds, ``None`` for an empty one; otherwise as `parse_yaml`."""
    import yaml  # 25 ms that a command without configuration need not pay

    from mlflow_tmpl.config.composing import compose

    _check_size(len(text), source)
    decoded = (_decode(text, source) if isinstance(text, bytes) else text).removeprefix(_BOM)
    try:
        return compose(_events(decoded), source)
    except (yaml.reader.ReaderError, UnicodeEncodeError):
        raise _unprintable(decoded, source) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, decoded, source) from None
    except (ValueError, OverflowError) as error:  # the parser in Python, for an escape that is no character
        raise ConfigError(f"this is not YAML: {error}", where=place(source)) from error


def _events(text: str) -> Iterator[Any]:
    import yaml

    return yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _check_size(size: int, source: str) -> None:
    if size > MAX_BYTES:
        hint = "keep data out of the configuration, or split it into several files"
        raise ConfigError(f"file is larger than {MAX_BYTES // 1_000_000} MB", where=place(source), hint=hint)


def _decode(raw: bytes, source: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise ConfigError(
            "file is not UTF-8", where=place(source, line, column), hint="save it as UTF-8"
        ) from None


def _unprintable(text: str, source: str) -> ConfigError:
    found = re.search(_NOT_PRINTABLE, text)
    start = found.start() if found else 0
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    character = f"U+{ord(found.group()):04X}" if found else "a character"
    hint = 'write it as an escape in "double" quotes, or remove it'
    return ConfigError(
        f"character {character} is not allowed in YAML", where=place(source, line, column), hint=hint
    )


def _syntax_error(error: Any, text: str, source: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()[line : line + 1]
    tab = re.match(_TAB_INDENT, lines[0]) if lines else None
    if tab:
        where = place(source, line + 1, tab.end())
        return ConfigError("line is indented with a tab", where=where, hint="indent with spaces")
    said = f"{error.context or ''}, {error.problem or ''}"
    hint = next((hint for part, hint in _HINTS if part in said), "")
    problem = f"this is not YAML: {error.problem or error.context}"
    return ConfigError(problem, where=place(source, line + 1, column + 1), hint=hint)
