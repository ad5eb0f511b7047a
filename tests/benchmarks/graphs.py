"""Graphs of no-op nodes: chains, fan-outs, and layers of nine workers and a merge."""

from __future__ import annotations

from mlflow_tmpl import Node


def start() -> int:
    """Give the first value."""
    return 1


def work(value: int) -> int:
    """Do nothing."""
    return value


def merge(*values: int) -> int:
    """Take all, give one."""
    return values[0]


def chain(count: int) -> list[Node]:
    """Return nodes each of which takes what the one before gives."""
    return [
        Node(start, None, "d0", name="start"),
        *[Node(work, f"d{at}", f"d{at + 1}", name=f"n{at}") for at in range(count - 1)],
    ]


def fan_out(count: int) -> list[Node]:
    """Return nodes that all take the same."""
    return [
        Node(start, None, "d0", name="start"),
        *[Node(work, "d0", f"o{at}", name=f"n{at}") for at in range(count - 1)],
    ]


def layered(count: int) -> list[Node]:
    """Return layers of nine workers and a merge."""
    nodes, source = [Node(start, None, "m", name="start")], "m"
    for layer in range(count // 10):
        names = [f"w{layer}_{at}" for at in range(9)]
        nodes += [Node(work, source, name, name=f"n{name}") for name in names]
        source = f"m{layer}"
        nodes.append(Node(merge, names, source, name=f"merge{layer}"))
    return nodes


GRAPHS = {"chain": chain, "fan-out": fan_out, "layered": layered}
