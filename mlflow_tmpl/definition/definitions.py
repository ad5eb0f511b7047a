"""Definitions on disk: found as long as they stand, written anew whenever the project was loaded."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.definition.conditions import Conditions, surroundings
from mlflow_tmpl.definition.nodes import RememberedFunction, made_node
from mlflow_tmpl.definition.tracing import Tracing
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

FORMAT = 3
"""Number of the form of the document; to be raised whenever it, or what it holds, changes."""

_MOST_FILES = 16
_MOST_ANSWERS = 20_000


class NotRemembered(Exception):
    """A question that only the loaded project can answer."""


class Untraceable(Exception):
    """Why a project has to be loaded each time."""


@dataclass(slots=True)
class Document:
    """A definition as plain data.

    Attributes:
        conditions: what it depends on.
        names: the project's pipelines.
        members: pipeline to the names of its nodes; ``None`` if not all of them were loaded.
        functions: the functions of the nodes, each once.
        nodes: the nodes, each with the number of its function.
        codes: `code_key` of a function to ``[fingerprint, doubts]`` of its code.
        paths: the same for what was asked for by a text.
        passed: hashes of checks that were passed.
        apart: files that the code names, and that do not count since they are outputs.
        rows: hash of code to what it is made of, as a JSON text that few ask for.
    """

    conditions: dict[str, Any]
    names: list[str]
    members: dict[str, list[str]] | None
    functions: list[list[Any]]
    nodes: list[list[Any]]
    codes: dict[str, list[Any]] = field(default_factory=dict)
    paths: dict[str, list[Any] | None] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    rows: str = "{}"

    def joined(self, earlier: Document) -> Document:
        """Return this document with the answers of an earlier one of the same nodes."""
        if earlier.functions != self.functions or earlier.nodes != self.nodes or earlier.apart != self.apart:
            return self
        for name in ("codes", "paths"):
            known = {**getattr(earlier, name), **getattr(self, name)}
            setattr(self, name, dict(list(known.items())[-_MOST_ANSWERS:]))
        self.passed = list(dict.fromkeys([*earlier.passed, *self.passed]))[-_MOST_ANSWERS:]
        self.rows = json.JSONEncoder().encode({**json.loads(earlier.rows), **json.loads(self.rows)})
        for name, known in earlier.conditions.items():
            if isinstance(known, dict):
                self.conditions[name] = {**known, **self.conditions[name]}
            elif isinstance(known, list):
                self.conditions[name] = sorted({*known, *self.conditions[name]})
        return self


def code_key(number: int, packages: tuple[str, ...]) -> str:
    """Return what the code of a function is remembered by.

    Args:
        number: of the function.
        packages: those that its data belongs to.
    """
    return " ".join([str(number), *packages])


class Definition:
    """The pipelines of a project as they were loaded last; nothing that they depend on has changed since.

    Attributes:
        document: it as plain data.
        names: the project's pipelines.
        members: pipeline to the names of its nodes; ``None`` if that is not known.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.names: Sequence[str] = document.names
        self.members: Mapping[str, Sequence[str]] | None = document.members

    @cached_property
    def pipeline(self) -> Pipeline:
        """The nodes that were asked for, with functions that cannot be called."""
        functions = [RememberedFunction(number, told) for number, told in enumerate(self.document.functions)]
        return Pipeline([made_node(told, functions) for told in self.document.nodes])

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, str]]:
        """Hash of code to what it is made of."""
        rows: dict[str, dict[str, str]] = json.loads(self.document.rows)
        return rows

    @cached_property
    def _passed(self) -> frozenset[str]:
        return frozenset(self.document.passed)

    @property
    def hides_code(self) -> bool:
        """Whether there are functions whose source text only they themselves lead to."""
        return not all(told[-1] for told in self.document.functions)

    def require(self, check: str) -> None:
        """Make sure that a check was passed when the project was loaded.

        Raises:
            NotRemembered: it was not made.
        """
        if check not in self._passed:
            raise NotRemembered(check)


class Definitions:
    """The definitions of one project, and what is heard while it is loaded.

    Args:
        folder: where they are kept.
        root: the project's folder.
        told: what else tells them apart: settings and environment.

    Attributes:
        tracing: listens while the project is loaded.
        started_ns: when that may have begun.
        why: why what was loaded last cannot be remembered; empty if it can.
    """

    def __init__(self, folder: Path, root: Path, told: Sequence[str]) -> None:
        self._folder = folder
        self._root = root
        self._told = [str(FORMAT), *told]
        self._path = list(sys.path)
        self._known: dict[tuple[str, ...], Definition | None] = {}
        self.tracing = Tracing()
        self.started_ns = time.time_ns()
        self.why = ""

    def find(self, names: Sequence[str], parameters: Callable[[], str]) -> Definition | None:
        """Return the definition of some pipelines; ``None`` if there is none that stands.

        Args:
            names: of the pipelines.
            parameters: gives the hash of the parameters that pipelines may be made from.
        """
        asked = tuple(names)
        if asked not in self._known:
            document = _read(self._file(asked))
            stands = document is not None and not Conditions(**document.conditions).difference()
            self._known[asked] = Definition(document) if document is not None and stands else None
        known = self._known[asked]
        if known is not None and known.document.conditions["parameters"] not in {"", parameters()}:
            return None
        return known

    def keep(self, names: Sequence[str], record: Callable[[], Document]) -> None:
        """Write a definition down; where that cannot be done, the next start loads the project again."""
        asked = tuple(names)
        try:
            document = record()
        except Untraceable as doubt:
            self.why = str(doubt)
            with suppress(OSError):
                self._file(asked).unlink(missing_ok=True)
            return
        self.why = ""
        earlier = self._known.get(asked)
        if (
            earlier is not None
            and earlier.document.conditions["parameters"] == document.conditions["parameters"]
        ):
            document = document.joined(earlier.document)
        self._known.pop(asked, None)
        told = {each.name: getattr(document, each.name) for each in fields(document) if each.name != "rows"}
        content = f"{json.JSONEncoder(separators=(',', ':')).encode(told)}\n{document.rows}"
        file = self._file(asked)
        temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(f"{digest(content)}\n{content}", encoding="utf-8")
            os.replace(temporary, file)
            self._clear()
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove the oldest files, of which there may be many if the project was loaded in many ways."""
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[_MOST_FILES:]:
            file.unlink(missing_ok=True)

    def _file(self, names: tuple[str, ...]) -> Path:
        name = surroundings(self._root, [*self._told, "", *names], self._path)
        return self._folder / f"{name}.json"


def _read(file: Path) -> Document | None:
    """Return what a file holds; a damaged one is as good as none."""
    try:
        head, _, content = file.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    if digest(content) != head:
        return None
    told, _, rows = content.partition("\n")
    return Document(**json.loads(told), rows=rows)
