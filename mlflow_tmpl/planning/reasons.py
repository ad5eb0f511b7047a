"""Why a step runs: data first, so that the terminal, the page and `--json` say the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow_tmpl.catalog.extent import Extent
    from mlflow_tmpl.planning.arguments import BoundParameter
    from mlflow_tmpl.planning.history import History, Parts

_LONGEST_VALUE = 60
_SCHEMA = re.compile(r',?"schema":"[^"]*"').sub

SENTENCES = {
    "new": "never run before",
    "forced": "forced",
    "no_reuse": "runs every time: reuse=False",
    "no_outputs": "runs every time: it has no outputs",
    "memory": "output {subject} is kept in memory only",
    "stored": "from the store: {subject}",
    "needed": "its value is needed by {subject}",
    "unfollowable": "cannot be told: {subject}",
    "unknown_input": "input {subject} has no fingerprint, so it cannot be told whether it changed",
    "upstream": "input {subject} is made anew",
    "code": "code changed: {subject}",
    "package": "package {subject} {before} -> {after}",
    "environment": "environment variable {subject} changed",
    "file": "file {subject} changed",
    "python": "Python {before} -> {after}",
    "parameter": "parameter {subject} {before} -> {after}",
    "input": "input {subject} changed",
    "wiring": "inputs are wired otherwise: {subject}",
    "schema": "schema of {subject} changed",
    "saving": "output {subject} is saved otherwise",
    "output_missing": "output missing: {subject}",
    "output_edited": "output {subject} is not what was saved",
    "restored": "output {subject} restored from the store",
    "untrusted": "output {subject} was pulled from a shared store that the project does not trust",
    "condition": "left out: it runs only if {subject}",
    "left_out": "left out: its input {subject} is not made, as {after} is left out",
    "undecided": "it runs only if {subject}, which is told when {after} is there",
    "undone": "the result for these inputs is no longer there",
}
"""How each kind of reason reads."""

LEFT_OUT = frozenset({"condition", "left_out"})
"""Why a node is left out of a run, and not only needed by nobody."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step runs.

    Attributes:
        kind: what changed, a key of `SENTENCES`.
        subject: the dataset, parameter, module or node, as the user wrote it.
        where: ``file:line`` of the subject, if it has one.
        before: short rendering of the earlier state; empty if there was none.
        after: short rendering of the present state.
        diff: what differs between two sources, a line each; for code.

    Example:
        >>> str(Reason("parameter", "train.alpha", "conf/local/parameters.yml:3", "0.1", "0.2"))
        'parameter train.alpha 0.1 -> 0.2 (conf/local/parameters.yml:3)'
    """

    kind: str
    subject: str = ""
    where: str = ""
    before: str = ""
    after: str = ""
    diff: str = ""

    def __str__(self) -> str:
        if self.kind == "code":
            return f"code changed: {self.where} {self.subject}".replace(":  ", ": ")
        text = SENTENCES[self.kind].format(subject=self.subject, before=self.before, after=self.after)
        if self.kind == "input" and (self.before or self.after):
            text += f": {self.before} -> {self.after}"
        return f"{text} ({self.where})" if self.where else text

    def to_json(self) -> dict[str, str]:
        """Return the reason as plain data, its sentence included; empty fields are left out."""
        fields = {
            "text": str(self),
            "kind": self.kind,
            "subject": self.subject,
            "where": self.where,
            "before": self.before,
            "after": self.after,
            "diff": self.diff,
        }
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class Present:
    """The present state of a node, to be compared with an earlier one.

    Attributes:
        parts: what its key is made of.
        parameters: argument to the parameter that it takes.
        extent: tells how much a dataset holds.
    """

    parts: Parts
    parameters: Mapping[str, BoundParameter]
    extent: Callable[[str], Extent]


def differences(before: Parts, now: Present, history: History) -> Iterator[Reason]:
    """Yield what differs between the parts of a node's newest result and its present state."""
    after = now.parts
    yield from _parameters(before, now)
    yield from _inputs(before, now, history)
    for dataset, how in after.outputs.items():
        if dataset in before.outputs and before.outputs[dataset] != how:
            changed = _schema_only(before.outputs[dataset], how)
            yield Reason("schema" if changed else "saving", dataset)
    if set(before.outputs) != set(after.outputs):
        yield Reason("wiring", ", ".join(sorted(set(before.outputs) ^ set(after.outputs))))


def _schema_only(before: str, after: str) -> bool:
    """Tell whether of how a dataset is loaded and saved nothing but the schema differs."""
    return _SCHEMA("", before) == _SCHEMA("", after)


def _parameters(before: Parts, now: Present) -> Iterator[Reason]:
    for argument, (key, value) in now.parts.parameters.items():
        old_key, old = before.parameters.get(argument, ("", "null"))
        if old_key and old_key != key:
            yield Reason("wiring", argument, "", old_key, key)
        elif old != value:
            parameter = now.parameters[argument]
            leaves = list(_leaves(json.loads(old), json.loads(value)))
            for inner, left, right in leaves or [("", _shown(json.loads(old)), _shown(json.loads(value)))]:
                dotted = ".".join(part for part in (parameter.key, inner) if part)
                yield Reason("parameter", dotted, parameter.where(inner), left, right)
    for argument in sorted(set(before.parameters) - set(now.parts.parameters)):
        yield Reason("parameter", before.parameters[argument][0], "", before.parameters[argument][1], "none")


def _leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield dotted key and both values of what differs between two values."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        if before != after or type(before) is not type(after):
            yield path, _shown(before), _shown(after)
        return
    for key in dict.fromkeys([*before, *after]):
        inner = f"{path}.{key}" if path else key
        yield from _leaves(before.get(key), after.get(key), inner)


def _shown(value: Any) -> str:
    text = "none" if value is None else json.JSONEncoder(ensure_ascii=False).encode(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _inputs(before: Parts, now: Present, history: History) -> Iterator[Reason]:
    after = now.parts.inputs
    for argument, (dataset, fingerprint, how) in after.items():
        old_dataset, old_fingerprint, old_how = before.inputs.get(argument, ("", "", ""))
        if old_dataset != dataset:
            yield Reason("wiring", argument, "", old_dataset or "none", dataset)
        elif fingerprint and old_fingerprint != fingerprint:
            before_it = history.extent(dataset, old_fingerprint)
            yield Reason("input", dataset, "", *before_it.told_beside(now.extent(dataset)))
        elif old_how != how:
            if not fingerprint and old_how.startswith(f"{how}:"):
                continue  # what it holds is not known before it is made
            otherwise = Reason("wiring", f"{dataset} is loaded otherwise")
            yield Reason("schema", dataset) if _schema_only(old_how, how) else otherwise
    if gone := sorted(set(before.inputs) - set(after)):
        yield Reason("wiring", ", ".join(gone))
