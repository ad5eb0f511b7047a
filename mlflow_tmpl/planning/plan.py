"""A plan: for each node of a pipeline what is done about it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.pipeline.names import base_name, is_parameter
from mlflow_tmpl.planning.decide import Decider, Force
from mlflow_tmpl.planning.frontier import Frontier, Verdict
from mlflow_tmpl.planning.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.planning.arguments import BoundParameter
    from mlflow_tmpl.planning.code import CodeReader
    from mlflow_tmpl.planning.history import History
    from mlflow_tmpl.store import Shelf


class Action(str, Enum):
    """What is done about a node."""

    RUN = "run"
    REUSE = "reuse"
    OMIT = "omit"


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a plan.

    Attributes:
        node: the node.
        action: run it, reuse its last result, or leave it out because nothing needs its value.
        reasons: why it runs, or what is brought back so that its result can be reused.
        key: hash of all that its result depends on; ``None`` if that is not known before the run.
    """

    node: Node
    action: Action
    reasons: tuple[Reason, ...]
    key: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the step as plain data."""
        return {
            "name": self.node.name,
            "action": self.action.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "key": self.key,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do about each node of a pipeline.

    A node whose inputs are made anew is planned to run; should they come out the same, the run reuses its result.

    Attributes:
        pipeline: the nodes that were asked for.
        catalog: where their datasets are.
        parameters: for each node, by position, the parameters that it takes.
        steps: one a node, in the order of the pipeline.
        decider: what decided, to decide again what depends on what the run makes.
        demands: for each node, by position, the nodes that give it values in memory.
        shelf: where outputs are kept and brought back from; ``None`` if nothing is kept.
    """

    pipeline: Pipeline
    catalog: Catalog
    parameters: Sequence[Mapping[str, BoundParameter]]
    steps: tuple[Step, ...]
    decider: Decider
    demands: Sequence[Sequence[int]]
    shelf: Shelf | None = None

    def count(self, action: Action) -> int:
        """Return how many nodes have an action."""
        return sum(step.action is action for step in self.steps)

    def check_schemas(self) -> None:
        """Import the schemas that nodes which run need; those of the others are left alone, as they cost seconds.

        Raises:
            CatalogError: there is no such schema.
        """
        for step in self.steps:
            if step.action is Action.RUN:
                for name in (*step.node.inputs.values(), *step.node.outputs):
                    schema = None if is_parameter(name) else self.catalog.schema(name)
                    if schema is not None:
                        schema.find()

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {"nodes": [step.to_json() for step in self.steps]}


def make_plan(
    pipeline: Pipeline,
    catalog: Catalog,
    parameters: Sequence[Mapping[str, BoundParameter]],
    history: History,
    code: CodeReader,
    force: Force | None = None,
    shelf: Shelf | None = None,
) -> Plan:
    """Return what has to be done for a pipeline, given what was done before and what the store has kept.

    Time and space are linear in nodes and edges.
    """
    decider = Decider(pipeline, catalog, parameters, history, code, force or Force(), shelf)
    demands = memory_makers(pipeline, catalog)
    frontier = Frontier(pipeline.needs, pipeline.feeds, demands, decider.decide)
    frontier.start()
    while frontier.ready:
        position = frontier.pop()
        decision = decider.decisions[position]
        if decision is not None and decision.verdict is Verdict.RUN:
            decider.made(decider.will_make(position))
        frontier.complete(position)
    steps = [step_of(pipeline, position, decider, frontier) for position in range(len(pipeline))]
    return Plan(pipeline, catalog, parameters, tuple(steps), decider, demands, shelf)


def memory_makers(pipeline: Pipeline, catalog: Catalog) -> list[list[int]]:
    """Return for each node the nodes that give it values in memory."""
    kept = {
        name: catalog.is_memory(output)
        for node in pipeline.nodes
        for output in node.outputs
        for name in (base_name(output),)
    }
    makers = []
    for node in pipeline.nodes:
        found: list[int] = []
        for name in node.inputs.values():
            if not is_parameter(name):
                base = base_name(name)
                if kept.get(base) and pipeline.producers[base] not in found:
                    found.append(pipeline.producers[base])
        makers.append(found)
    return makers


def step_of(pipeline: Pipeline, position: int, decider: Decider, frontier: Frontier) -> Step:
    """Return what has come out about a node: of the decisions, and of who needs its values."""
    node = pipeline.nodes[position]
    decision = decider.decisions[position]
    assert decision is not None
    if not frontier.demanded[position]:
        if decision.verdict is Verdict.REUSE:
            return Step(node, Action.REUSE, decision.reasons, decision.key)
        return Step(node, Action.OMIT, (), decision.key)
    changed = decider.why(position)
    if changed[0].kind == "new" or not (decision.reasons or changed[0].kind == "undone"):
        return Step(node, Action.RUN, changed, decision.key)
    reasons = decision.reasons
    if decision.verdict is not Verdict.RUN:
        takers = [
            pipeline.nodes[taker].name for taker in pipeline.feeds[position] if frontier.demanded[taker]
        ]
        reasons = tuple(Reason("needed", taker) for taker in takers[:1])
    differing = tuple(reason for reason in changed if reason.kind != "undone")
    return Step(node, Action.RUN, (*differing, *reasons) or changed, decision.key)
