"""How long what hangs on each node takes: what is ready starts by that (list scheduling, Graham 1969)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow_tmpl.pipeline import Pipeline


def path_lengths(pipeline: Pipeline, seconds: Mapping[str, float]) -> list[float]:
    """Return for each node, by position, the seconds of the longest path that it heads, itself included.

    Args:
        pipeline: the nodes.
        seconds: last known duration of nodes by name; one without counts as the median of the rest.
    """
    unknown = middle(seconds.values()) if seconds else 1.0
    lengths = [0.0] * len(pipeline)
    feeds, nodes = pipeline.feeds, pipeline.nodes
    for position in range(len(nodes) - 1, -1, -1):
        below = max([lengths[taker] for taker in feeds[position]], default=0.0)
        lengths[position] = below + seconds.get(nodes[position].name, unknown)
    return lengths


def middle(values: Iterable[float]) -> float:
    """Return the middle one of some values; `statistics.median` takes 4 ms to import."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def ranks(pipeline: Pipeline, seconds: Mapping[str, float]) -> Sequence[int] | None:
    """Return for each node its place in the order in which ready nodes start; ``None`` for that of the pipeline.

    The higher priority comes first, then the longer path, then the place in the pipeline. Where no duration is known
    paths say nothing: then a node comes as soon as it can after what it takes, so that values are let go early.

    Args:
        pipeline: the nodes.
        seconds: last known duration of nodes by name.
    """
    priorities = [node.options.priority for node in pipeline.nodes]
    if not seconds and not any(priorities):
        return None
    lengths = path_lengths(pipeline, seconds) if seconds else [0.0] * len(pipeline)
    ordered = sorted(range(len(pipeline)), key=lambda place: (-priorities[place], -lengths[place]))
    found = [0] * len(ordered)
    for rank, position in enumerate(ordered):
        found[position] = rank
    return found


def widest(pipeline: Pipeline, due: Sequence[bool]) -> int:
    """Return how many of the nodes that are due can run at the same time, told by their depth.

    Args:
        pipeline: the nodes.
        due: for each node, by position, whether it runs.
    """
    depths, counts = [0] * len(pipeline), dict[int, int]()
    for position, needs in enumerate(pipeline.needs):
        above = max([depths[need] for need in needs], default=0)
        depths[position] = above + due[position]
        if due[position]:
            counts[depths[position]] = counts.get(depths[position], 0) + 1
    return max(counts.values(), default=0)
