"""Plans made of thin air: a past that remembers what a run would have recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.config import Origin, located
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.planning import (
    Action,
    CodeReader,
    Force,
    NoHistory,
    PastResult,
    Plan,
    bind_parameters,
    make_plan,
    remember_loaded_sources,
)

from . import taking
from .taking import take

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlflow_tmpl.store import Shelf


def made(name: str, inputs: Any, outputs: Any, **more: Any) -> Node:
    """Return a node that does nothing in particular."""
    return Node(take, inputs, outputs, name=name, **more)


@dataclass
class Past(NoHistory):
    """Results by key, newest first."""

    results: dict[str, list[PastResult]] = field(default_factory=dict)
    newest: dict[str, PastResult] = field(default_factory=dict)
    asked: int = 0

    def under(self, node: str, key: str) -> Iterable[PastResult]:
        self.asked += 1
        return self.results.get(key, [])

    def latest(self, node: str) -> PastResult | None:
        return self.newest.get(node)


@dataclass
class Scene:
    """A pipeline over datasets of text, whose nodes write their own name and inputs."""

    root: Path
    past: Past = field(default_factory=Past)
    saved: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    shelf: Shelf | None = None

    def write(self, name: str, content: Any) -> None:
        (self.root / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    def catalog(self) -> Catalog:
        return Catalog.of({name: f"{name}.json" for name in self.saved}, root=self.root)

    def plan(self, pipeline: Pipeline, force: Force | None = None, code: CodeReader | None = None) -> Plan:
        # As a project does on importing its modules: a file saved a moment before the tests began is no doubt.
        remember_loaded_sources([taking])
        bound = bind_parameters(pipeline, located(self.params, Origin("p.yml", 1)))
        reader = code or CodeReader(self.root)
        return make_plan(pipeline, self.catalog(), bound, self.past, reader, force, self.shelf)

    def run(self, pipeline: Pipeline) -> None:
        """Record what a run of everything would leave."""
        for node in pipeline:
            for name in node.outputs:
                if name in self.saved:
                    self.write(name, f"{node.name}")
        again = self.plan(pipeline)
        for position, node in enumerate(pipeline):
            catalog = self.catalog()
            again.decider.made(
                {
                    name: catalog.dataset(name).fingerprint() or ""
                    for name in self.saved
                    if catalog.exists(name)
                }
            )
            again.decider.decisions[position] = None
            again.decider.decide(position)
            decision = again.decider.decisions[position]
            assert decision is not None
            if decision.key is not None and decision.parts is not None:
                outputs = {
                    name: catalog.dataset(name).fingerprint() or ""
                    for name in node.outputs
                    if name in self.saved
                }
                result = PastResult(f"r{position}", decision.key, decision.parts, outputs)
                self.past.results.setdefault(decision.key, []).insert(0, result)
                self.past.newest[node.name] = result


def actions(plan: Plan) -> Mapping[str, str]:
    """Return node name to action."""
    return {step.node.name: step.action.value for step in plan.steps}


def reasons(plan: Plan, node: str) -> list[str]:
    """Return why a node runs."""
    return [str(reason) for step in plan.steps if step.node.name == node for reason in step.reasons]


__all__ = ["Action", "Past", "Scene", "actions", "made", "reasons", "take"]
