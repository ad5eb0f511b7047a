"""The decision about one node: its key, whether an earlier result stands, and if not why."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.entry import NOTES
from mlflow_tmpl.catalog.extent import Extent, extent_of
from mlflow_tmpl.catalog.types import packages_behind
from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.hashing import digest, digest_file
from mlflow_tmpl.pipeline.names import base_name, is_parameter
from mlflow_tmpl.pipeline.node import rewired
from mlflow_tmpl.planning.changed_code import code_differences
from mlflow_tmpl.planning.frontier import Verdict
from mlflow_tmpl.planning.history import History, Kept, NothingKept, Parts, PastResult
from mlflow_tmpl.planning.json_texts import canonical_json
from mlflow_tmpl.planning.reasons import Present, Reason, differences
from mlflow_tmpl.store.shelf import Offer, may_run_code, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.planning.arguments import BoundParameter
    from mlflow_tmpl.planning.code import CodeFingerprint, CodeReader
    from mlflow_tmpl.planning.conditions import Conditions
    from mlflow_tmpl.store import Shelf


@dataclass(frozen=True, slots=True)
class Force:
    """Which nodes run whatever the past says.

    Attributes:
        every: all of them: an earlier result never stands.
        nodes: these.
    """

    every: bool = False
    nodes: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return self.every or name in self.nodes


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about a node, and from what.

    Attributes:
        verdict: run it, let its result stand, or wait until its values are needed.
        reasons: why it runs; empty if it does not.
        parts: what its key is made of, as far as that can be told.
        key: hash of the parts; ``None`` if something of them cannot be told, so that the result cannot be reused.
        result: the earlier result that stands.
        pending: whether it has to be decided again once the inputs are there.
        restores: outputs that are brought back from the store, so that the earlier result stands.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    parts: Parts | None = None
    key: str | None = None
    result: PastResult | None = None
    pending: bool = False
    restores: tuple[str, ...] = ()


UNKNOWN = ""
"""Fingerprint of what is not made yet, or cannot be told."""


class Decider:
    """Decides about the nodes of one pipeline, each after those that make its inputs.

    Args:
        pipeline: the nodes.
        catalog: their datasets.
        parameters: for each node the parameters that it takes.
        history: earlier results.
        code: fingerprints of functions.
        force: nodes that run whatever the past says.
        shelf: past contents of outputs; ``None`` if nothing is kept.
        kept: values of memory that were kept.
        conditions: which nodes are left out; ``None`` if none has a condition.

    Attributes:
        fingerprints: dataset, without its ``@view``, to the fingerprint of its present content; `UNKNOWN` for one
            that will be made anew.
        decisions: the latest decision about each node.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        parameters: Sequence[Mapping[str, BoundParameter]],
        history: History,
        code: CodeReader,
        force: Force,
        shelf: Shelf | None = None,
        kept: Kept | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        self._conditions = conditions
        self._shelf = shelf
        self._pipeline = pipeline
        self._catalog = catalog
        self._parameters = parameters
        self._history = history
        self._code = code
        self._force = force
        self._kept = kept or NothingKept()
        self._told = lru_cache(maxsize=None)(catalog.describe)
        self._how = lru_cache(maxsize=None)(self._describe)
        self._own_code = lru_cache(maxsize=None)(self._find_own_code)
        self._packages = lru_cache(maxsize=None)(self._find_packages)
        self._doubts = lru_cache(maxsize=None)(self._find_doubts)
        self._codes: dict[str, CodeFingerprint] = {}
        self._anew: set[str] = set()
        self._unrestorable: set[int] = set()
        self._restored: set[str] = set()
        self.fingerprints: dict[str, str] = {}
        self.decisions: list[Decision | None] = [None] * len(pipeline)

    def decide(self, position: int) -> Verdict:
        """Decide about a node whose inputs are all decided, unless that was done before and stands."""
        known = self.decisions[position]
        if known is None or known.pending:
            known = self.decisions[position] = self._decide(self._pipeline.nodes[position], position)
        return known.verdict

    def cannot_restore(self, position: int) -> None:
        """Take back that outputs of a node are brought back: it is decided again, without the store."""
        self._unrestorable.add(position)
        self._restored.difference_update(map(base_name, self._pipeline.nodes[position].outputs))
        self.decisions[position] = None

    def unfold(self, position: int, items: range) -> None:
        """Take in the items of a map node, which is about to run; each is decided by what its part holds now."""
        over = self._pipeline.nodes[position].over
        whole = base_name(self._pipeline.nodes[position].inputs[over])
        known = self.fingerprints.get(whole, UNKNOWN)
        for item in map(self._pipeline.nodes.__getitem__, items):
            part = base_name(item.inputs[over])
            if is_parameter(part):
                continue
            self.fingerprints.pop(part, None)
            if self._catalog.is_memory(part):
                self.fingerprints[part] = known and f"{known}[{item.item}]"
                if whole in self._anew:
                    self._anew.add(part)
        self.decisions.extend([None] * len(items))

    def fold(self, count: int) -> None:
        """Forget what was decided about items: all but the first nodes."""
        del self.decisions[count:]

    def described(self, name: str) -> Mapping[str, Any]:
        """Return what the catalog says of a dataset, which is asked once."""
        return self._told(name)

    def made(self, fingerprints: Mapping[str, str]) -> None:
        """Take note of what datasets hold now: name to fingerprint, `UNKNOWN` for what has none."""
        for dataset, fingerprint in fingerprints.items():
            self.fingerprints[base_name(dataset)] = fingerprint

    def expected(self, dataset: str) -> str:
        """Return the fingerprint that a dataset had when its takers were decided."""
        return self.fingerprints.get(base_name(dataset), UNKNOWN)

    def will_make(self, position: int) -> dict[str, str]:
        """Return the fingerprints of what a node gives, as far as they are known before it runs.

        A value in memory has its producer's key for a fingerprint, unless the key does not determine it.
        """
        node = self._pipeline.nodes[position]
        decision = self.decisions[position]
        key = decision.key if decision is not None and node.options.reuse else None
        memory = self._catalog.is_memory
        return {name: f"key:{key}/{name}" if key and memory(name) else UNKNOWN for name in node.outputs}

    def final_outputs(self, node: Node) -> list[str]:
        """Return the values in memory that no node takes, so that the run gives them back."""
        taken, memory = self._pipeline.consumers, self._catalog.is_memory
        return [name for name in node.outputs if base_name(name) not in taken and memory(name)]

    def keep_mode(self, node: Node, name: str) -> str:
        """Return whether a value of a node is kept: what the catalog says, else what the node does."""
        return self._catalog.keep_mode(name) or node.options.keep

    def is_held(self, position: int, names: Iterable[str]) -> bool:
        """Tell whether values in memory of a node were kept, and stand for what it would give."""
        decision = self.decisions[position]
        if decision is not None and decision.verdict is Verdict.OMIT:
            return True  # who takes them does without
        if decision is None or decision.verdict is Verdict.RUN or decision.key is None:
            return False
        node = self._pipeline.nodes[position]
        return all(
            (self.expected(name) in self._kept and self.keep_mode(node, name) != "never")
            or (node.item and not self._catalog.is_memory(name))
            for name in names
        )

    def _code_of(self, node: Node) -> CodeFingerprint:
        """Return the fingerprint of a node's function, with the packages that its data belongs to."""
        known = node.whole_name
        if known not in self._codes:
            names = (*node.inputs.values(), *node.outputs)
            packages = sorted({package for name in names for package in self._packages(name)})
            self._codes[known] = self._code.fingerprint(node.func, tuple(packages))
        return self._codes[known]

    def _find_packages(self, name: str) -> tuple[str, ...]:
        known = is_parameter(name) or self._catalog.is_memory(name)
        return () if known else tuple(packages_behind(self._told(name)))

    def code_id(self, node: Node) -> str:
        """Return the fingerprint of a node's code."""
        return self._code_of(node).id

    def code_parts(self) -> Mapping[str, Mapping[str, str]]:
        """Return what each fingerprint of code is made of."""
        return self._code.known()

    def code_files(self) -> frozenset[str]:
        """Return the files that the code names and that count with it, relative to the project."""
        return self._code.files()

    def code_sources(self, node: Node) -> Mapping[str, str]:
        """Return the source of each definition that counts for a node: hash to text."""
        parts = self._code_of(node).parts
        found = {value: self._code.definition(name) for name, value in parts.items()}
        return {value: definition.text for value, definition in found.items() if definition is not None}

    def distrust(self, position: int) -> None:
        """Take back a node's key, and the keys made from it: it ran on something else than what they say.

        What takes its values in memory was decided by that key, perhaps long before the values were there.
        """
        waiting = [position]
        while waiting:
            position = waiting.pop()
            decision = self.decisions[position]
            if decision is None or decision.key is None:
                continue
            self.decisions[position] = replace(decision, key=None)
            for name in filter(self._catalog.is_memory, self._pipeline.nodes[position].outputs):
                waiting.extend(self._pipeline.consumers.get(base_name(name), ()))

    def why(self, position: int) -> tuple[Reason, ...]:
        """Return what changed since the newest result of a node; `undone` if nothing did."""
        decision = self.decisions[position]
        assert decision is not None
        assert decision.parts is not None
        past = self._history.latest(self._pipeline.nodes[position].name)
        if past is None:
            return (Reason("new"),)
        if decision.key is not None and past.key == decision.key:
            return (Reason("undone"),)
        code = self._code_of(self._pipeline.nodes[position])
        now = Present(decision.parts, self._parameters[position], self._extent)
        in_code = code_differences(past.parts.code, code, self._history, self._code.definition)
        return (*in_code, *differences(past.parts, now, self._history)) or (Reason("undone"),)

    def is_left_out(self, name: str) -> bool:
        """Tell whether a dataset is not made, as its maker is left out."""
        return self._conditions is not None and self._conditions.is_left_out(name)

    def _condition(self, node: Node, position: int) -> tuple[Reason | None, list[Reason]]:
        """Return why a node is left out, or why that cannot be told yet."""
        if self._conditions is None:
            return None, []
        asked = node.when.datasets if node.when is not None else ()
        unmade = [name for name in asked if self.is_to_come(name)]
        if unmade:
            return None, [Reason("undecided", str(node.when), after=unmade[0])]
        return self._conditions.why_left_out(position), []

    def is_to_come(self, name: str) -> bool:
        """Tell whether a dataset is still to be made, or brought back, by this run."""
        base = base_name(name)
        made = base in self._pipeline.producers and not self.is_left_out(name)
        return made and (self.fingerprints.get(base, UNKNOWN) == UNKNOWN or not self._catalog.exists(name))

    def _decide(self, node: Node, position: int) -> Decision:
        left_out, undecided = self._condition(node, position)
        code = self._code_of(node)
        if left_out is not None:
            return Decision(Verdict.OMIT, (left_out,))
        inputs, doubts = self._inputs(node)
        own = [doubt for name in (*node.inputs.values(), *node.outputs) for doubt in self._doubts(name)]
        doubts += [Reason("unfollowable", doubt) for doubt in (*code.doubts, *own)]
        doubts = [*undecided, *doubts]
        parts = Parts.of(
            code.id,
            inputs,
            {
                argument: (p.key or "parameters", p.shown)
                for argument, p in self._parameters[position].items()
            },
            {name: f"{label}:{self._how(name)}" for name, label in _labels(node)},
        )
        key = None if doubts else digest(parts.text)
        always = self._runs_always(node)
        pending = any(doubt.kind in {"upstream", "undecided"} for doubt in doubts)
        if always or doubts:
            return Decision(Verdict.RUN, (*always, *doubts), parts, key, pending=pending)
        shelf = self._shelf if position not in self._unrestorable else None
        return self._look_back(node, parts, key or "", shelf)

    def _find_doubts(self, name: str) -> tuple[str, ...]:
        """Return what cannot be followed of the code that loads and saves a dataset."""
        codes = () if is_parameter(name) else self._own_code(name).values()
        return tuple(doubt for code in codes for doubt in code.doubts)

    def _inputs(self, node: Node) -> tuple[dict[str, tuple[str, str, str]], list[Reason]]:
        found: dict[str, tuple[str, str, str]] = {}
        doubts = []
        for argument, name in node.inputs.items():
            if is_parameter(name) or self.is_left_out(name):
                continue
            base = base_name(name)
            if base not in self.fingerprints:
                self.fingerprints[base] = self._catalog.dataset(name).fingerprint() or UNKNOWN
            fingerprint = self.fingerprints[base]
            if fingerprint == UNKNOWN:
                doubts.append(
                    Reason("upstream" if base in self._pipeline.producers else "unknown_input", name)
                )
            how = self._how(name)
            if fingerprint != UNKNOWN and self._may_hold_objects(name):
                objects = self._code.fingerprint_of_objects(self._path_of(name, fingerprint), fingerprint)
                how = how if objects is None else f"{how}:{objects.id}"
                doubts += [Reason("unfollowable", doubt) for doubt in objects.doubts] if objects else []
            found[argument] = (name, fingerprint, how)
        return found, doubts

    def _path_of(self, name: str, fingerprint: str) -> Path | None:
        """Return a file that has a content of a dataset; what is to be brought back lies in the store as yet."""
        if self._shelf is None or base_name(name) not in self._restored:
            return path_of(self._catalog.dataset(name))
        kept = self._shelf.store.path(fingerprint)
        return kept if kept is not None and digest_file(kept) == fingerprint else None

    def _may_hold_objects(self, name: str) -> bool:
        """Tell whether what a dataset loads may be of the project's classes although no code says so."""
        if self._catalog.is_memory(name):
            return False
        dataset = self._catalog.dataset(name)
        ours = getattr(dataset, "format", None) is not None
        return may_run_code(dataset) and (ours or path_of(dataset) is not None)

    def _runs_always(self, node: Node) -> tuple[Reason, ...]:
        """Return why a node runs whatever the past says; what it leaves in memory is then made anew as well."""
        reasons: tuple[Reason, ...] = ()
        if node.whole_name in self._force:
            reasons = (Reason("forced"),)
        elif not node.outputs:
            reasons = (Reason("no_outputs"),)
        elif not node.options.reuse:
            reasons = (Reason("no_reuse"),)
        elif self._anew:
            reasons = tuple(
                Reason("upstream", name) for name in node.inputs.values() if base_name(name) in self._anew
            )
        if reasons:
            self._anew.update(base_name(name) for name in node.outputs if self._catalog.is_memory(name))
        return reasons

    def _look_back(self, node: Node, parts: Parts, key: str, shelf: Shelf | None) -> Decision:
        saved = [name for name in node.outputs if not self._catalog.is_memory(name)]
        final = self.final_outputs(node)
        self.made({name: f"key:{key}/{name}" for name in node.outputs if self._catalog.is_memory(name)})
        if not saved and not final:
            return Decision(Verdict.LAZY, (), parts, key)
        unkept = [
            Reason("memory", name)
            for name in final
            if self.keep_mode(node, name) == "never" or not self._kept.is_whole(self.expected(name))
        ]
        lost: tuple[Reason, ...] = ()
        incomplete: list[tuple[PastResult, list[Reason]]] = []
        for result in self._history.under(node.name, key):
            gone = self._lost(saved, result)
            lost = (*gone, *unkept)
            if not lost:
                self.made({name: result.outputs[name] for name in saved})
                return Decision(Verdict.REUSE, (), parts, key, result)
            incomplete.append((result, gone))
        # Only now: what lies there is never replaced by another result that would do as well.
        for result, gone in incomplete if shelf is not None and not unkept else ():
            offers = self._offers(gone, result)
            if set(offers) == {Offer.READY}:
                self.made({name: result.outputs[name] for name in saved})
                restores = tuple(reason.subject for reason in gone)
                self._restored.update(map(base_name, restores))
                reasons = tuple(Reason("restored", name) for name in restores)
                return Decision(Verdict.REUSE, reasons, parts, key, result, restores=restores)
            untrusted = [r.subject for r, offer in zip(gone, offers, strict=True) if offer is Offer.UNTRUSTED]
            lost = (*lost, *(Reason("untrusted", name) for name in untrusted))
        return Decision(Verdict.RUN, lost, parts, key)

    def _offers(self, gone: Sequence[Reason], result: PastResult) -> list[Offer]:
        """Return for each output that an earlier result has lost whether the store can bring it back."""
        assert self._shelf is not None
        names = [reason.subject for reason in gone]
        return [
            self._shelf.offer(self._catalog.dataset(name), result.outputs.get(name, "")) for name in names
        ]

    def _lost(self, saved: Sequence[str], result: PastResult) -> list[Reason]:
        """Return why an earlier result does not stand: outputs that are gone or were changed by someone else."""
        reasons = []
        for name in saved:
            if name not in result.outputs or not self._catalog.exists(name):
                reasons.append(Reason("output_missing", name, self._catalog.where(name)))
            elif self._catalog.dataset(name).fingerprint() != result.outputs[name]:
                reasons.append(Reason("output_edited", name, self._catalog.where(name)))
        return reasons

    def _extent(self, name: str) -> Extent:
        return Extent() if self._catalog.is_memory(name) else extent_of(self._catalog.dataset(name))

    def _describe(self, name: str) -> str:
        """Return how a dataset is loaded and saved; what is only said about it does not count."""
        if self._catalog.is_memory(name):
            code = self._own_code(name)
            return canonical_json({kind: each.id for kind, each in code.items()}) if code else "memory"
        told = {key: value for key, value in self._told(name).items() if key not in NOTES}
        if hidden := self._catalog.hidden(name):
            told["hidden"] = hidden
        return canonical_json({**told, **{kind: code.id for kind, code in self._own_code(name).items()}})

    def _find_own_code(self, name: str) -> Mapping[str, CodeFingerprint]:
        """Return the code that loading and saving a dataset runs: of its schema, and of a type of the project."""
        schema = self._catalog.schema(name)
        paths = {"schema": schema.path} if schema is not None else {}
        kind = "" if self._catalog.is_memory(name) else str(self._told(name).get("type", ""))
        if self._code.is_own(kind):
            paths["type"] = kind
        return {each: self._code.fingerprint_of_path(path) for each, path in paths.items()}


def _labels(node: Node) -> list[tuple[str, str]]:
    """Return each output with how it is found in what the function returns: by key, by position, or as the whole."""
    if node.over:
        return [(name, f"{label} over {node.over}") for name, label in _labels(rewired(node))]
    if node.returned_keys is not None:
        return list(zip(node.outputs, map(repr, node.returned_keys), strict=True))
    return [(name, str(index) if node.several else "") for index, name in enumerate(node.outputs)]
