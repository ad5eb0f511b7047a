"""What `auto` stands for: the engine that a run goes best with, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.engine.machine import cpus as machine_cpus
from mlflow_tmpl.engine.paths import middle, path_lengths, widest
from mlflow_tmpl.engine.way import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.engine.way import Seconds
    from mlflow_tmpl.pipeline import Node, Pipeline

WORKERS_S = 2.0
"""What workers have to save before they pay: they start, import the project, and values travel."""

NODE_S = 0.02
"""What sending one node to a worker may cost."""


def choose(
    pipeline: Pipeline,
    due: Sequence[bool],
    jobs: int | None,
    seconds: Seconds = lambda _: {},
    cpus: int = 0,
) -> Choice:
    """Return the engine for the nodes that name none.

    Threads are never taken unless several jobs are asked for: code that was not written for them can go wrong in them.

    Args:
        pipeline: the nodes.
        due: for each node, by position, whether it is going to run.
        jobs: how many nodes at a time; ``None`` leaves that to the engine.
        seconds: gives the last known durations of nodes by name.
        cpus: how many processors there are; as many as this process may use unless given.
    """
    free = [is_due and node.options.engine is None for node, is_due in zip(pipeline.nodes, due, strict=True)]
    nodes = [node for node, is_free in zip(pipeline.nodes, free, strict=True) if is_free]
    timed = next((node for node in nodes if node.options.timeout_s is not None), None)
    if timed is not None:
        return Choice(
            "processes", f"as node {timed.name!r} has a time limit, which only workers can be held to"
        )
    if jobs == 1:
        return Choice("inline", "as one job is asked for")
    width = widest(pipeline, free)
    if any(node.over for node in nodes):
        width = max(width, jobs or cpus or machine_cpus())  # how many items there are is known later
    if width < 2:
        return Choice(
            "inline", "as no two nodes can run at the same time" if nodes else "as no node has to run"
        )
    slots = min(jobs or cpus or machine_cpus(), width)
    past = seconds([node.name for node in nodes])
    if not past:
        told = f"as nobody knows yet how long the {width} nodes take that can run at the same time"
        return Choice("threads" if jobs else "inline", told)
    saved = _saved_s(pipeline, nodes, past, slots)
    told = f"as {slots} at a time save some {saved:.1f} s"
    if slots > 1 and saved > WORKERS_S + NODE_S * len(nodes):
        return Choice("processes", told)
    if jobs:
        return Choice("threads", f"{told}, too little for workers")
    return Choice("inline", f"{told}, too little for workers" if slots > 1 else "as there is one processor")


def _saved_s(pipeline: Pipeline, nodes: Sequence[Node], past: Mapping[str, float], slots: int) -> float:
    """Return the seconds that several slots save over one: no schedule beats the longest path or an even share."""
    unknown = middle(past.values())
    lasting = {node.name: past.get(node.name, unknown) for node in nodes}
    others = {node.name: 0.0 for node in pipeline.nodes if node.name not in lasting}
    work = sum(lasting.values())
    spread = {node.name: lasting[node.name] / (slots if node.over else 1) for node in nodes}
    longest = max(path_lengths(pipeline, {**others, **spread}))
    return work - max(longest, work / slots)
