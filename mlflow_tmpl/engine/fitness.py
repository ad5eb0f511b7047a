"""What can be known before a run about nodes and the engines that they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.engine.engines import promises
from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_tmpl.engine.machine import Machine
    from mlflow_tmpl.pipeline import Node


def check_fitness(
    nodes: Iterable[Node], default: str, machine: Machine, address: str | None = None
) -> tuple[str, ...]:
    """Return what a user has to know about options that an engine cannot keep.

    Args:
        nodes: those that are going to run.
        default: the engine of nodes that name none.
        machine: what nodes take a part of, where their engine does not see to that itself.
        address: of the cluster that an engine uses.

    Raises:
        UsageError: a node takes more than the machine has, or names an engine that is not there.
    """
    unlimited: dict[str, list[Node]] = {}
    checked: set[int] = set()
    for node in nodes:
        options = node.options
        if id(options) in checked and options.timeout_s is None:
            continue
        checked.add(id(options))
        engine = options.engine or default
        seats, can_kill = promises(engine, address)
        lacking = machine.lacks(options.resources) if options.resources and not seats else ""
        if lacking:
            raise UsageError(
                f"node {node.name!r} takes {lacking}",
                where=node.where,
                hint="ask for less, or run it on a machine that has as much",
            )
        if options.timeout_s is not None and not can_kill:
            unlimited.setdefault(engine, []).append(node)
    return tuple(_unlimited(engine, found) for engine, found in unlimited.items())


def _unlimited(engine: str, nodes: list[Node]) -> str:
    more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
    return (
        f"node {nodes[0].name!r}{more}: timeout_s is not kept, as the engine {engine!r} cannot end a node; "
        "--engine processes can"
    )
