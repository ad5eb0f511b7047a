"""Why a step runs: data first, so that the terminal, the page and `--json` say the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_tmpl.planning.history import History, Parts, PastResult

SENTENCES = {
    "new": "never run before",
    "forced": "forced",
    "no_reuse": "runs every time: reuse=False",
    "no_outputs": "runs every time: it has no outputs",
    "memory": "output {subject} is kept in memory only",
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
    "saving": "output {subject} is saved otherwise",
    "output_missing": "output missing: {subject}",
    "output_edited": "output {subject} is not what was saved",
    "undone": "the result for these inputs is no longer there",
}
"""How each kind of reason reads."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step runs.

    Attributes:
        kind: what changed, a key of `SENTENCES`.
        subject: the dataset, parameter, module or node, as the user wrote it.
        where: ``file:line`` of the subject, if it has one.
        before: short rendering of the earlier state; empty if there was none.
        after: short rendering of the present state.

    Example:
        >>> str(Reason("parameter", "train.alpha", "conf/local/parameters.yml:3", "0.1", "0.2"))
        'parameter train.alpha 0.1 -> 0.2 (conf/local/parameters.yml:3)'
    """

    kind: str
    subject: str = ""
    where: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        text = SENTENCES[self.kind].format(subject=self.subject, before=self.before, after=self.after)
        if self.kind == "input" and (self.before or self.after):
            text += f": {self.before} -> {self.after}"
        return f"{text} ({self.where})" if self.where else text

    def to_json(self) -> dict[str, str]:
        """Return the reason as plain data, its sentence included; empty fields are left out."""
        return {"text": str(self), **{key: value for key, value in asdict(self).items() if value}}


def differences(
    past: PastResult, now: Parts, history: History, places: Mapping[str, str]
) -> Iterator[Reason]:
    """Yield what differs between a node's newest result and its present state.

    Args:
        past: the newest result of the node.
        now: what its key is made of now.
        history: answers what an earlier code fingerprint was made of.
        places: ``file:line`` of parameters, by key.
    """
    before = past.parts
    if before.code != now.code:
        yield from _code(history.code(before.code), history.code(now.code))
    yield from _parameters(before, now, places)
    yield from _inputs(before, now, history)
    for dataset, how in now.outputs.items():
        if dataset in before.outputs and before.outputs[dataset] != how:
            yield Reason("saving", dataset)
    if set(before.outputs) != set(now.outputs):
        yield Reason("wiring", ", ".join(sorted(set(before.outputs) ^ set(now.outputs))))


def _code(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Reason]:
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if not before:
        yield Reason("code", "all of it")
        return
    for name in changed:
        kind, _, subject = name.partition(" ")
        if kind in {"package", "python"}:
            yield Reason(kind, subject, "", before.get(name, "none"), after.get(name, "none"))
        elif kind == "module":
            state = "added" if name not in before else "gone" if name not in after else ""
            yield Reason("code", f"{subject} {state}".strip())
        elif kind == "function":
            yield Reason("code", "what is bound into the function")
        else:
            yield Reason(kind, subject)


def _parameters(before: Parts, now: Parts, places: Mapping[str, str]) -> Iterator[Reason]:
    for argument, (key, value) in now.parameters.items():
        old_key, old = before.parameters.get(argument, ("", "none"))
        if old_key and old_key != key:
            yield Reason("wiring", argument, "", old_key, key)
        elif old != value:
            yield Reason("parameter", key, places.get(key, ""), old, value)
    for argument in sorted(set(before.parameters) - set(now.parameters)):
        yield Reason("parameter", before.parameters[argument][0], "", before.parameters[argument][1], "none")


def _inputs(before: Parts, now: Parts, history: History) -> Iterator[Reason]:
    for argument, (dataset, fingerprint, how) in now.inputs.items():
        old_dataset, old_fingerprint, old_how = before.inputs.get(argument, ("", "", ""))
        if old_dataset != dataset:
            yield Reason("wiring", argument, "", old_dataset or "none", dataset)
        elif fingerprint and old_fingerprint != fingerprint:
            sizes = history.size(dataset, old_fingerprint), history.size(dataset, fingerprint)
            shown = ["" if size is None else f"{size:,} bytes" for size in sizes]
            yield Reason("input", dataset, "", *(shown if all(shown) and shown[0] != shown[1] else ("", "")))
        elif old_how != how:
            yield Reason("wiring", f"{dataset} is loaded otherwise")
    if gone := sorted(set(before.inputs) - set(now.inputs)):
        yield Reason("wiring", ", ".join(gone))
