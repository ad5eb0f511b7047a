"""How the nodes of a run are run: on which engine, in which order, on what machine; known before the first starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.engine.engines import check_engine
from mlflow_tmpl.engine.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.pipeline import Pipeline

    Seconds = Callable[[Sequence[str]], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine.

    Attributes:
        engine: its name.
        why: half a sentence, to stand behind the name; empty if it was asked for by name.
    """

    engine: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How nodes are run.

    Attributes:
        choice: the engine of nodes that name none, and why it was picked.
        machine: what nodes take a part of.
        ranks: for each node its place in the order in which ready nodes start; ``None`` for that of the pipeline.
        warnings: what cannot be as it was asked for.
    """

    choice: Choice
    machine: Machine
    ranks: Sequence[int] | None
    warnings: tuple[str, ...]


def way_of(
    pipeline: Pipeline,
    due: Sequence[bool],
    engine: str,
    jobs: int | None,
    seconds: Seconds = lambda _: {},
    address: str | None = None,
) -> Way:
    """Return how nodes are run.

    Args:
        pipeline: the nodes.
        due: for each node, by position, whether it is going to run.
        engine: a name, or ``auto``.
        jobs: how many nodes at a time; ``None`` leaves that to the engine.
        seconds: gives the last known durations of nodes by name.
        address: of the cluster that an engine uses.

    Raises:
        UsageError: there is no such engine, or it cannot do what nodes ask for.
    """
    check_engine(engine, jobs)
    if not any(due):
        return Way(
            Choice("inline", "as no node has to run") if engine == "auto" else Choice(engine),
            Machine(),
            None,
            (),
        )
    from mlflow_tmpl.engine.choosing import choose  # what a run with nothing to do needs nothing of
    from mlflow_tmpl.engine.fitness import check_fitness
    from mlflow_tmpl.engine.paths import ranks

    choice = choose(pipeline, due, jobs, seconds) if engine == "auto" else Choice(engine)
    nodes = [node for node, is_due in zip(pipeline.nodes, due, strict=True) if is_due]
    machine = Machine()
    warnings = check_fitness(nodes, choice.engine, machine, address)
    # One at a time takes as long in any order, and in that of the pipeline values are let go soonest.
    apart = any((node.options.engine or choice.engine) != "inline" for node in nodes)
    past = seconds([node.name for node in nodes]) if apart and len(nodes) > 1 else {}
    return Way(choice, machine, ranks(pipeline, past), warnings)
