"""Where a version of a dataset came from and what it went into, across runs."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.pipeline.names import base_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_tmpl.ledger import Ledger

_OF = (
    "SELECT result.id FROM result_io JOIN result ON result.id = result_io.result "
    "WHERE result_io.dataset = ? AND result_io.fingerprint = ? AND direction = '{}' "
    "GROUP BY result.id ORDER BY made_at DESC, result.id"
)
_UNDER_KEY = "SELECT id FROM result WHERE key = ? ORDER BY made_at DESC"
_RESULT = "SELECT node, key, parts, outputs, made_at FROM result WHERE id = ?"
_RUN = "SELECT run, status FROM node_run WHERE result = ? ORDER BY run LIMIT 1"

_KEY = "key:"
"""How the fingerprint of a value in memory begins: then come the key of the result that made it, and its name."""


@dataclass(frozen=True, slots=True)
class Version:
    """One content of a dataset.

    Attributes:
        dataset: its name.
        fingerprint: of the content; of a value in memory what made it.
    """

    dataset: str
    fingerprint: str

    @property
    def in_memory(self) -> bool:
        """Whether it lived in memory only."""
        return self.fingerprint.startswith(_KEY)


@dataclass(frozen=True, slots=True)
class Made:
    """What a node made of what, once; true for every run that reused it.

    Attributes:
        result: its id.
        node: name of the node.
        run: id of the run that made it first.
        made_at: seconds since the epoch.
        inputs: what it took.
        outputs: what it gave.
        parameters: dotted key to value.
        code: fingerprint of the code.
    """

    result: str
    node: str
    run: str
    made_at: float
    inputs: tuple[Version, ...]
    outputs: tuple[Version, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    code: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a version came from, and what it went into.

    Attributes:
        version: whose lineage it is.
        up: results that lead to it, by the version that they gave.
        down: results that it leads to, by the version that they took.
        results: all of them, by id, in the order in which they were made.
    """

    version: Version
    up: dict[Version, tuple[str, ...]]
    down: dict[Version, tuple[str, ...]]
    results: dict[str, Made]

    def to_json(self) -> dict[str, Any]:
        """Return the lineage as plain data: the graph of versions and of what nodes made of them."""
        versions = dict.fromkeys(
            [self.version, *(one for made in self.results.values() for one in (*made.inputs, *made.outputs))]
        )
        return {
            "version": _plain(self.version),
            "versions": [{**_plain(each), "in_memory": each.in_memory} for each in versions],
            "results": [
                {
                    "id": made.result,
                    "node": made.node,
                    "run": made.run,
                    "made_at": made.made_at,
                    "inputs": [_plain(each) for each in made.inputs],
                    "outputs": [_plain(each) for each in made.outputs],
                    "parameters": made.parameters,
                    "code": made.code,
                }
                for made in self.results.values()
            ],
        }


def trace(ledger: Ledger, dataset: str, fingerprint: str, *, up: bool = True, down: bool = True) -> Lineage:
    """Return the lineage of a version; each result is read once, so it is linear in what is reached."""
    version, reader = Version(dataset, fingerprint), _Reader(ledger)
    upward = dict(_walk(version, reader.makers, lambda made: made.inputs, reader)) if up else {}
    downward = dict(_walk(version, reader.takers, lambda made: made.outputs, reader)) if down else {}
    reached = {result for found in (upward, downward) for results in found.values() for result in results}
    ordered = sorted(
        (reader.made(result) for result in reached), key=lambda made: (made.made_at, made.result)
    )
    return Lineage(version, upward, downward, {made.result: made for made in ordered})


def _walk(
    start: Version, step: Any, further: Any, reader: _Reader
) -> Iterator[tuple[Version, tuple[str, ...]]]:
    waiting, seen = [start], {start}
    while waiting:
        version = waiting.pop()
        # Of results that are alike in what goes on from here the newest stands for all.
        alike: dict[Any, str] = {}
        for result in step(version):
            alike.setdefault((reader.made(result).node, further(reader.made(result))), result)
        results = tuple(alike.values())
        yield version, results
        for result in results:
            new = [each for each in further(reader.made(result)) if each not in seen]
            seen.update(new)
            waiting.extend(new)


class _Reader:
    """Reads results, each once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._made: dict[str, Made] = {}

    def makers(self, version: Version) -> tuple[str, ...]:
        """Return the results that gave a version; of a value in memory the newest, for all under its key gave it."""
        if version.in_memory:
            key = version.fingerprint[len(_KEY) :].partition("/")[0]
            return self._ids(_UNDER_KEY, (key,))[:1]
        return self._ids(_OF.format("out"), (version.dataset, version.fingerprint))

    def takers(self, version: Version) -> tuple[str, ...]:
        """Return the results that were made of a version."""
        return self._ids(_OF.format("in"), (version.dataset, version.fingerprint))

    def made(self, result: str) -> Made:
        """Return one result."""
        if result not in self._made:
            self._made[result] = self._read(result)
        return self._made[result]

    def _read(self, result: str) -> Made:
        node, key, parts_text, outputs_text, made_at = self._ledger.rows(_RESULT, (result,))[0]
        parts, saved = json.loads(parts_text), json.loads(outputs_text)
        runs = self._ledger.rows(_RUN, (result,))
        inputs = [Version(base_name(name), known) for name, known, _ in parts["inputs"].values() if known]
        kept = [name for name in parts["outputs"] if name not in saved]
        outputs = [Version(base_name(name), known) for name, known in saved.items()]
        outputs += [Version(base_name(name), f"{_KEY}{key}/{name}") for name in kept if key]
        parameters = {name: json.loads(value) for name, value in parts["parameters"].values()}
        run = runs[0][0] if runs else ""
        return Made(result, node, run, made_at, tuple(inputs), tuple(outputs), parameters, parts["code"])

    def _ids(self, sql: str, values: Iterable[str]) -> tuple[str, ...]:
        return tuple(row[0] for row in self._ledger.rows(sql, tuple(values)))


def _plain(version: Version) -> dict[str, str]:
    return {"dataset": version.dataset, "fingerprint": version.fingerprint}
