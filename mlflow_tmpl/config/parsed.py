"""YAML that was parsed before, on disk by its content: a start in which no file has changed imports no parser.

What is kept is plain JSON, a file a document. Credentials are not read by way of this, and what else holds a secret is
not kept.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.config.values import Origin, Value, Whole
from mlflow_tmpl.config.yaml import parse_yaml
from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = 1
"""To be raised whenever something is written in another form, or YAML is read in another way."""

_MOST_VALUES = 50_000
"""Values of the largest document that is kept: aliases can make a short text as large as memory."""

_MOST_FILES = 64


class ParsedYaml:
    """Parses YAML, once as long as its text stays the same.

    Args:
        folder: where what was parsed is kept, if there is a folder that this one can lie in.
        version: of what reads YAML; another one may read it in another way.
        hides: tells of what a document holds, as plain data, whether there is a secret in it.
    """

    def __init__(self, folder: Path, version: str, hides: Callable[[Any], bool]) -> None:
        self._folder = folder
        self._told = f"{version} {FORMAT} ".encode()
        self._hides = hides
        self._due: dict[str, str] = {}

    def __call__(self, raw: bytes, source: str) -> Value:
        """Return what a text in YAML holds; arguments and errors are those of `parse_yaml`."""
        file = f"{self._folder}/{digest(self._told + raw)}.json"
        known = _read(file)
        if known is not None:
            return _made(known, source)
        value = parse_yaml(raw, source)
        with suppress(_TooLarge):
            told = _told(value, [0])
            if not self._hides(value.plain()):
                self._due[file] = json.JSONEncoder(separators=(",", ":")).encode(told)
                self.keep()
        return value

    def keep(self) -> None:
        """Write down what was parsed, unless nothing ever ran; where that cannot be done it is parsed again."""
        if not self._due or not self._folder.parent.parent.is_dir():
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file, content in self._due.items():
                temporary = f"{file}.{os.getpid()}.tmp"
                with open(temporary, "w", encoding="utf-8") as out:
                    out.write(f"{digest(content)}\n{content}")
                os.replace(temporary, file)
            files = sorted(self._folder.glob("*.json"), key=lambda each: each.stat().st_mtime)
            for each in files[:-_MOST_FILES]:
                each.unlink(missing_ok=True)
        self._due = {}


class _TooLarge(Exception):
    """A document that is not worth keeping."""


def _read(file: str) -> list[Any] | None:
    """Return what a file holds; a damaged one is as good as none."""
    try:
        with open(file, encoding="utf-8") as found:
            head, _, content = found.read().partition("\n")
    except (OSError, ValueError):
        return None
    told: list[Any] | None = json.loads(content) if digest(content) == head else None
    return told


def _told(value: Value, count: list[int]) -> list[Any]:
    """Return a value as plain data: what it holds, where it stands, where its key stands, whether it is a whole."""
    count[0] += 1
    if count[0] > _MOST_VALUES:
        raise _TooLarge
    data = value.data
    if type(data) is dict:
        data = {key: _told(inner, count) for key, inner in data.items()}
    elif type(data) is list:
        data = [_told(inner, count) for inner in data]
    key = (value.key.line, value.key.column) if value.key is not None else (0, 0)
    return [data, value.origin.line, value.origin.column, *key, isinstance(value, Whole)]


def _made(told: list[Any], source: str) -> Value:
    """Return the value that `_told` was given."""
    data, line, column, key_line, key_column, whole = told
    if type(data) is dict:
        data = {key: _made(inner, source) for key, inner in data.items()}
    elif type(data) is list:
        data = [_made(inner, source) for inner in data]
    key = Origin(source, key_line, key_column) if key_line else None
    return (Whole if whole else Value)(data, Origin(source, line, column), None, key)
