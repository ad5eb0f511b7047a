"""A plan: for each node of a pipeline what is done about it, and why."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.pipeline.names import base_name, is_parameter
from mlflow_tmpl.pipeline.notebook import bundle
from mlflow_tmpl.planning.decide import Decider, Force
from mlflow_tmpl.planning.frontier import Frontier, Verdict
from mlflow_tmpl.planning.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.pipeline import Node, Pipeline
    from mlflow_tmpl.planning.arguments import BoundParameter
    from mlflow_tmpl.planning.code import CodeReader
    from mlflow_tmpl.planning.conditions import Conditions
    from mlflow_tmpl.planning.history import History, Kept
    from mlflow_tmpl.planning.items import Unfolding
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
        reasons: why it runs, or what comes from the store so that it need not.
        key: hash of all that its result depends on; ``None`` if that is not known before the run.
        items: of a map node that runs, one step an item, as far as they are known.
    """

    node: Node
    action: Action
    reasons: tuple[Reason, ...]
    key: str | None
    items: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the step as plain data."""
        return {
            "name": self.node.name,
            "action": self.action.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "key": self.key,
            **({"options": told} if (told := self.node.options.to_json()) else {}),
            **({"items": [item.to_json() for item in self.items]} if self.items else {}),
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
        demands: for each node, by position, the nodes that give it values in memory, and which.
        shelf: where outputs are kept and brought back from; ``None`` if nothing is kept.
        unfolding: takes in the items of map nodes when they run; ``None`` if there are no map nodes.
    """

    pipeline: Pipeline
    catalog: Catalog
    parameters: Sequence[Mapping[str, BoundParameter]]
    steps: tuple[Step, ...]
    decider: Decider
    demands: Sequence[Mapping[int, Sequence[str]]]
    shelf: Shelf | None = None
    unfolding: Unfolding | None = None

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

    def __repr__(self) -> str:
        counts = ", ".join([f"{self.count(action)} to {action.value}" for action in Action])
        return f"<Plan of {len(self.steps)}: {counts}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return bundle("plan", self)

    def _repr_html_(self) -> str | None:
        return bundle("plan", self).get("text/html")

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
    kept: Kept | None = None,
    conditions: Conditions | None = None,
) -> Plan:
    """Return what has to be done for a pipeline, given what was done before and what the store has kept.

    Time and space are linear in nodes and edges.
    """
    demands: Sequence[Mapping[int, Sequence[str]]] = memory_makers(pipeline, catalog)
    unfolding, count = None, len(pipeline)
    if any(node.over for node in pipeline.nodes):
        from mlflow_tmpl.planning.items import Unfolding

        unfolding = Unfolding(pipeline, catalog, parameters, demands)
        pipeline, parameters, demands = unfolding.pipeline, unfolding.parameters, unfolding.demands
    decider = Decider(pipeline, catalog, parameters, history, code, force or Force(), shelf, kept, conditions)
    frontier = Frontier(
        pipeline.needs,
        pipeline.feeds,
        demands,
        decider.decide,
        lambda taker, maker: decider.is_held(maker, demands[taker][maker]),
    )
    frontier.start()
    while frontier.ready:
        position = frontier.pop()
        if unfolding is not None and _unfold(position, unfolding, decider, frontier):
            continue
        decision = decider.decisions[position]
        if decision is not None and decision.verdict is Verdict.RUN:
            decider.made(decider.will_make(position))
        frontier.complete(position)
    plan = Plan(pipeline, catalog, parameters, (), decider, demands, shelf, unfolding)
    steps = [step_of(plan, position, frontier) for position in range(len(pipeline))]
    if unfolding is not None:
        for position, items in unfolding.items.items():
            steps[position] = replace(steps[position], items=tuple(steps[items.start : items.stop]))
        unfolding.fold()
        decider.fold(count)
    return replace(plan, steps=tuple(steps[:count]))


def _unfold(position: int, unfolding: Unfolding, decider: Decider, frontier: Frontier) -> bool:
    """Take in the items of a map node that is to run, if they are known before the run."""
    node = unfolding.pipeline.nodes[position]
    if not node.over or position in unfolding.items or decider.is_to_come(node.inputs[node.over]):
        return False
    names = unfolding.names(position)
    if names is None:
        return False
    items = unfolding.unfold(position, names)
    decider.unfold(position, items)
    frontier.unfold(position, items)
    return True


def memory_makers(pipeline: Pipeline, catalog: Catalog) -> list[dict[int, list[str]]]:
    """Return for each node the nodes that give it values in memory, and the names of those."""
    memory = {
        name: catalog.is_memory(output)
        for node in pipeline.nodes
        for output in node.outputs
        for name in (base_name(output),)
    }
    makers = []
    for node in pipeline.nodes:
        found: dict[int, list[str]] = {}
        for name in node.inputs.values():
            if not is_parameter(name):
                base = base_name(name)
                if memory.get(base):
                    found.setdefault(pipeline.producers[base], []).append(name)
        makers.append(found)
    return makers


def step_of(plan: Plan, position: int, frontier: Frontier) -> Step:
    """Return what has come out about a node: of the decisions, and of who needs its values."""
    node, decider = plan.pipeline.nodes[position], plan.decider
    decision = decider.decisions[position]
    assert decision is not None
    if decision.verdict is Verdict.OMIT:
        return Step(node, Action.OMIT, decision.reasons, None)
    takers = (
        taker
        for taker in plan.pipeline.feeds[position]
        if frontier.demanded[taker] and position in plan.demands[taker]
    )
    if not frontier.demanded[position]:
        stored = [name for taker in takers for name in plan.demands[taker][position]]
        if decision.verdict is Verdict.REUSE:
            stored += decider.final_outputs(node)
        reasons = (*decision.reasons, *(Reason("stored", name) for name in dict.fromkeys(stored)))
        reused = decision.verdict is Verdict.REUSE or bool(stored)
        return Step(node, Action.REUSE if reused else Action.OMIT, reasons, decision.key)
    changed = decider.why(position)
    if changed[0].kind == "new" or not (decision.reasons or changed[0].kind == "undone"):
        open_still = tuple(reason for reason in decision.reasons if reason.kind == "undecided")
        return Step(node, Action.RUN, (*changed, *open_still), decision.key)
    reasons = decision.reasons
    if decision.verdict is not Verdict.RUN:
        reasons = tuple(Reason("needed", plan.pipeline.nodes[taker].name) for taker in islice(takers, 1))
    differing = tuple(reason for reason in changed if reason.kind != "undone")
    return Step(node, Action.RUN, (*differing, *reasons) or changed, decision.key)
