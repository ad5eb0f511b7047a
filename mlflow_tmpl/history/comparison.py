"""Runs side by side: what differs between two of them, or among several."""

from __future__ import annotations

from dataclasses import field
from difflib import unified_diff
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.history.contents import contents_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow_tmpl.ledger import Ledger
    from mlflow_tmpl.ledger.records import NodeRecord, RunRecord, Surroundings

Row = dict[str, Any]
"""Name to a value a run, ``None`` where a run has none."""


@dataclass(frozen=True, slots=True)
class SourceChange:
    """How the text of something differs between a run and the one before it in the comparison.

    Attributes:
        name: the file, or the file and the name of a definition in it.
        before: id of the earlier run.
        run: id of the other.
        nodes: whose code it belongs to; empty where that is not known.
        diff: unified, without line ends.
    """

    name: str
    before: str
    run: str
    nodes: tuple[str, ...]
    diff: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain data."""
        plain = {"name": self.name, "before": self.before, "run": self.run}
        return {**plain, "nodes": list(self.nodes), "diff": list(self.diff)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs among runs; what is the same in all of them is left out, but for metrics and timings.

    Attributes:
        runs: in the order they were asked for.
        code: nodes whose code differs: name to the fingerprint in each run.
        sources: what of it, as text.
        parameters: dotted key to value.
        inputs, outputs: dataset to fingerprint.
        packages: name to version; ``python`` and ``platform`` are among them.
        metrics: name to value.
        durations: node to seconds; ``None`` where a run did not run it.
        statuses: node to status.
    """

    runs: tuple[RunRecord, ...]
    code: dict[str, Row]
    sources: tuple[SourceChange, ...]
    parameters: dict[str, Row]
    inputs: dict[str, Row]
    outputs: dict[str, Row]
    packages: dict[str, Row]
    metrics: dict[str, Row]
    durations: dict[str, Row]
    statuses: dict[str, Row] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        tables = ("code", "parameters", "inputs", "outputs", "packages", "metrics", "durations", "statuses")
        return {
            "runs": [run.summary() for run in self.runs],
            **{name: getattr(self, name) for name in tables},
            "sources": [change.to_json() for change in self.sources],
        }


def compare(ledger: Ledger, references: Sequence[str]) -> Comparison:
    """Compare runs.

    Raises:
        LedgerError: one of them is not there.
    """
    runs = tuple(ledger.run(reference) for reference in references)
    ids = [run.id for run in runs]
    around = [ledger.surroundings(run.id) for run in runs]
    contents = [contents_of(ledger, run.id) for run in runs]
    code = _differing(ids, [{name: node["code"] for name, node in each.nodes.items()} for each in around])
    return Comparison(
        runs,
        code,
        tuple(_sources(ledger, ids, around, code)),
        _differing(ids, [{key: known["value"] for key, known in run.parameters.items()} for run in runs]),
        _differing(ids, [each.inputs for each in contents]),
        _differing(ids, [each.outputs for each in contents]),
        _differing(ids, [_packages(each.environment) for each in around]),
        _side_by_side(ids, [run.metrics for run in runs]),
        _side_by_side(ids, [_durations(run.nodes) for run in runs]),
        _differing(ids, [{node.name: node.status for node in run.nodes} for run in runs]),
    )


def _side_by_side(ids: Sequence[str], values: Sequence[Mapping[str, Any]]) -> dict[str, Row]:
    names = dict.fromkeys(name for each in values for name in each)
    return {name: {run: each.get(name) for run, each in zip(ids, values, strict=True)} for name in names}


def _differing(ids: Sequence[str], values: Sequence[Mapping[str, Any]]) -> dict[str, Row]:
    rows = _side_by_side(ids, values)
    return {name: row for name, row in rows.items() if _differ(list(row.values()))}


def _differ(values: Sequence[Any]) -> bool:
    return any(value != values[0] or type(value) is not type(values[0]) for value in values[1:])


def _durations(nodes: Iterable[NodeRecord]) -> dict[str, float]:
    return {node.name: node.duration_s for node in nodes if node.duration_s}


def _packages(environment: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: environment[name] for name in ("python", "platform", "machine") if name in environment}
    return {**facts, **environment.get("packages", {})}


def _sources(
    ledger: Ledger, ids: Sequence[str], around: Sequence[Surroundings], code: Mapping[str, Row]
) -> Iterator[SourceChange]:
    """Yield what changed from each run to the next, in the code of nodes that both have."""
    parts = {known: ledger.code_parts(known) for row in code.values() for known in row.values() if known}
    for at, (one, run) in enumerate(pairwise(ids)):
        found: dict[str, tuple[str | None, str | None, list[str]]] = {}
        for node, row in code.items():
            before, after = parts.get(row[one] or "", {}), parts.get(row[run] or "", {})
            for name in sorted({*before, *after}) if before and after else ():
                if before.get(name) != after.get(name):
                    found.setdefault(name, (before.get(name), after.get(name), []))[2].append(node)
        yield from _changes(ledger, (one, run), found, around[at], around[at + 1])


def _changes(
    ledger: Ledger,
    runs: tuple[str, str],
    found: Mapping[str, tuple[str | None, str | None, list[str]]],
    before: Surroundings,
    after: Surroundings,
) -> Iterator[SourceChange]:
    """Yield changes of definitions whose text is kept; of the others the change of the file that they stand in."""
    files: dict[str, list[str]] = {}
    for part, (old, new, nodes) in found.items():
        kind, _, name = part.partition(" ")
        texts = [_text(ledger, source) if source else "" for source in (old, new)]
        if any(texts) and None not in texts:
            yield SourceChange(name, *runs, tuple(nodes), _diff(name, str(texts[0]), str(texts[1])))
        elif kind not in {"package", "python", "environment"}:
            files.setdefault(name.split(" ")[0], []).extend(nodes)
    for name, nodes in files.items():
        old, new = before.files.get(name, ""), after.files.get(name, "")
        was, now = [(_text(ledger, source) if source else "") or "" for source in (old, new)]
        if old != new and (was or now):
            yield SourceChange(name, *runs, tuple(dict.fromkeys(nodes)), _diff(name, was, now))


def _text(ledger: Ledger, source: str) -> str | None:
    kept = ledger.source(source)
    return kept.decode("utf-8", "replace") if kept is not None else None


def _diff(name: str, before: str, after: str) -> tuple[str, ...]:
    lines = unified_diff(before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
    return tuple(lines)
