"""What the loop asks before and after each node: of a plan, or, without a project, of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mlflow_tmpl.planning import Action, Step
from mlflow_tmpl.planning.frontier import Verdict
from mlflow_tmpl.planning.plan import step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning import Parts, PastResult, Plan, Reason
    from mlflow_tmpl.planning.conditions import Conditions
    from mlflow_tmpl.planning.decide import Decision
    from mlflow_tmpl.planning.frontier import Frontier
    from mlflow_tmpl.planning.items import Unfolding


class Decisions(Protocol):
    """Says what is done about each node, and learns what came of it."""

    def decide(self, position: int) -> Verdict:
        """Give the verdict on a node whose inputs are all decided."""
        ...

    def standing(self, position: int) -> PastResult | None:
        """Return the earlier result that stands, so that nothing of it is saved again."""
        ...

    def expected(self, dataset: str) -> str:
        """Return the fingerprint that a dataset had when its takers were decided."""
        ...

    def is_held(self, position: int, names: Iterable[str]) -> bool:
        """Tell whether values in memory of a node can be had from the store."""
        ...

    def is_left_out(self, dataset: str) -> bool:
        """Tell whether a dataset is not made, as its maker is left out."""
        ...

    def finished(self, position: int, saved: Mapping[str, str], *, sure: bool) -> Mapping[str, str]:
        """Learn the fingerprints of what a node saved, and return those of all its outputs.

        Args:
            position: of the node.
            saved: dataset to fingerprint.
            sure: whether the node got what the decision was made on.
        """
        ...

    def items(self, position: int) -> list[str] | None:
        """Return the names of a map node's items; ``None`` where only a value in memory can tell."""
        ...

    def unfold(self, position: int, names: Sequence[str]) -> range:
        """Take in the items of a map node, and return their positions."""
        ...

    def step(self, position: int, frontier: Frontier) -> Step:
        """Return what has come out about a node so far."""
        ...

    def parts(self, position: int) -> Parts | None:
        """Return what a node's key is made of."""
        ...


class Planned:
    """Follows a plan; what depends on what the run makes is decided again when that is there.

    Args:
        plan: what is to be done.
        restore: brings back what a decision counts on, and tells whether that went well.
    """

    def __init__(self, plan: Plan, restore: Callable[[Decision], bool] | None = None) -> None:
        self._plan = plan
        self._decider = plan.decider
        self._foreseen = [decision is None or decision.pending for decision in plan.decider.decisions]
        self._restore = restore
        self.expected = plan.decider.expected
        self.is_held = plan.decider.is_held
        self.is_left_out = plan.decider.is_left_out

    def decide(self, position: int) -> Verdict:
        """Decide about a node; an earlier result whose outputs do not come back from the store does not stand."""
        verdict = self._decider.decide(position)
        decision = self._decider.decisions[position]
        if decision is not None and decision.restores and not (self._restore and self._restore(decision)):
            self._decider.cannot_restore(position)
            self._foreseen[position] = True
            verdict = self._decider.decide(position)
        return verdict

    def standing(self, position: int) -> PastResult | None:
        """Return the earlier result that stands."""
        decision = self._decider.decisions[position]
        return decision.result if decision is not None else None

    def finished(self, position: int, saved: Mapping[str, str], *, sure: bool) -> Mapping[str, str]:
        """Learn what a node has given."""
        standing = self.standing(position)
        if standing is not None:
            return standing.outputs
        if not sure:
            self._decider.distrust(position)
        made = {**self._decider.will_make(position), **saved}
        self._decider.made(made)
        return made

    def items(self, position: int) -> list[str] | None:
        """Return the names of a map node's items; ``None`` where only a value in memory can tell."""
        assert self._plan.unfolding is not None
        return self._plan.unfolding.names(position)

    def unfold(self, position: int, names: Sequence[str]) -> range:
        """Take in the items of a map node, and return their positions."""
        assert self._plan.unfolding is not None
        items = self._plan.unfolding.unfold(position, names)
        self._decider.unfold(position, items)
        self._foreseen.extend([True] * len(items))
        return items

    def step(self, position: int, frontier: Frontier) -> Step:
        """Return the planned step, or what was decided in its place."""
        if position >= len(self._plan.steps):
            return step_of(self._plan, position, frontier)
        planned = self._plan.steps[position]
        demanded = planned.action is Action.RUN
        settled = demanded or (planned.action is Action.REUSE and not planned.reasons)
        if settled and not self._foreseen[position] and frontier.demanded[position] == demanded:
            return planned
        return step_of(self._plan, position, frontier)

    def parts(self, position: int) -> Parts | None:
        """Return what a node's key is made of, ``None`` if that cannot be told."""
        decision = self._decider.decisions[position]
        return decision.parts if decision is not None and decision.key is not None else None


class RunAll:
    """Runs every node that no condition leaves out: there is no past and nothing is recorded.

    Args:
        pipeline: the nodes.
        conditions: which of them are left out; ``None`` if none has a condition.
        unfolding: takes in the items of map nodes; ``None`` if there are none.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        conditions: Conditions | None = None,
        unfolding: Unfolding | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._unfolding = unfolding
        self._conditions = conditions
        self._left_out: dict[int, Reason] = {}

    def decide(self, position: int) -> Verdict:
        """Run it, unless it is left out."""
        reason = self._conditions.why_left_out(position) if self._conditions else None
        if reason is None:
            return Verdict.RUN
        self._left_out[position] = reason
        return Verdict.OMIT

    def standing(self, position: int) -> None:  # noqa: ARG002
        """Nothing stands."""
        return

    def expected(self, dataset: str) -> str:  # noqa: ARG002
        """Nothing is expected."""
        return ""

    def is_held(self, position: int, names: Iterable[str]) -> bool:  # noqa: ARG002
        """Nothing is in the store; what is left out nobody waits for."""
        return position in self._left_out

    def is_left_out(self, dataset: str) -> bool:
        """Tell whether a dataset is not made, as its maker is left out."""
        return self._conditions is not None and self._conditions.is_left_out(dataset)

    def finished(self, position: int, saved: Mapping[str, str], *, sure: bool) -> Mapping[str, str]:  # noqa: ARG002
        """Nothing is remembered."""
        return saved

    def items(self, position: int) -> list[str] | None:
        """Return the names of a map node's items; ``None`` where only a value in memory can tell."""
        assert self._unfolding is not None
        return self._unfolding.names(position)

    def unfold(self, position: int, names: Sequence[str]) -> range:
        """Take in the items of a map node, and return their positions."""
        assert self._unfolding is not None
        return self._unfolding.unfold(position, names)

    def step(self, position: int, frontier: Frontier) -> Step:  # noqa: ARG002
        """Return the only step that there is."""
        if position in self._left_out:
            return Step(self._pipeline.nodes[position], Action.OMIT, (self._left_out[position],), None)
        return Step(self._pipeline.nodes[position], Action.RUN, (), None)

    def parts(self, position: int) -> None:  # noqa: ARG002
        """There is no key."""
        return
