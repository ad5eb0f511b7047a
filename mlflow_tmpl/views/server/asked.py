"""What the page asks to be run, as the words of a command line; what could mean something else there is refused."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.pipeline import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME = re.compile(r"[\w.:@-]+")
_SELECTORS = tuple(each.name for each in fields(Selection))
_LISTS = (*_SELECTORS, "force")


def words_of(asked: Mapping[str, Any]) -> list[str]:
    """Return options and pipelines of `mlo run` and `mlo plan`.

    Args:
        asked: ``pipelines``, selectors and ``force`` as lists of names, ``params`` as a list of ``key=value``,
            ``reuse``, ``env``; all of them may be left out.

    Raises:
        UsageError: something in it is not that.
    """
    unknown = asked.keys() - {*_LISTS, "pipelines", "params", "reuse", "env"}
    if unknown:
        raise UsageError(f"nothing can be asked as {sorted(unknown)[0]!r}")
    pipelines = _names(asked, "pipelines")
    return [*_options(asked), *(["--", *pipelines] if pipelines else [])]


def _options(asked: Mapping[str, Any]) -> Iterator[str]:
    for key in _LISTS:
        names = _names(asked, key)
        if names:
            yield f"--{key.replace('_', '-')}={','.join(names)}"
    for text in _texts(asked, "params"):
        yield f"--params={text}"
    if asked.get("reuse", True) is False:
        yield "--no-reuse"
    env = asked.get("env") or ""
    if not isinstance(env, str):
        raise UsageError("'env' is to be a name")
    if env:
        yield f"--env={checked(env)}"


def _names(asked: Mapping[str, Any], key: str) -> list[str]:
    return [checked(text) for text in _texts(asked, key)]


def checked(name: str) -> str:
    """Return a name that can be one.

    Raises:
        UsageError: it cannot: it would be read as something else, such as a file with code.
    """
    if not _NAME.fullmatch(name) or name.startswith("-") or name.endswith(".py"):
        raise UsageError(f"{name!r} is no name")
    return name


def _texts(asked: Mapping[str, Any], key: str) -> list[str]:
    texts = asked.get(key) or []
    if not isinstance(texts, list) or not all(isinstance(text, str) and "\0" not in text for text in texts):
        raise UsageError(f"{key!r} is to be a list of texts")
    return texts
