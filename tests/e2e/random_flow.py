"""Random small pipelines, edited at random, whose values can be worked out without running them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RAW = ("raw0", "raw1")
OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "{} + {}": lambda value, k: value + k,
    "{} * {}": lambda value, k: value * k,
    "{} // {}": lambda value, k: value // k,
    "min({}, {})": min,
}
"""Some of them give the same for different inputs, so that the wave stops early."""


@dataclass(frozen=True)
class Made:
    """A node of a random pipeline; it adds its inputs and does one operation on the sum.

    Attributes:
        inputs: names of datasets.
        operation: a key of `OPERATIONS`.
        k: the other operand.
        source: where the other operand stands: in the ``body``, a ``helper`` or a ``parameter``.
        saved: whether the output is saved; one that nothing takes always is.
        name: of the node.
    """

    inputs: tuple[str, ...]
    operation: str
    k: int
    source: str
    saved: bool
    name: str


@dataclass(frozen=True)
class Flow:
    """A random project.

    Attributes:
        nodes: the nodes; node n makes dataset ``d<n>``.
        raw: content of the raw inputs.
        noise: number of comment lines in every module.
    """

    nodes: tuple[Made, ...]
    raw: tuple[int, ...] = (5, 7)
    noise: int = 0

    def is_saved(self, position: int) -> bool:
        """Tell whether the output of a node is in the catalog."""
        taken = any(f"d{position}" in node.inputs for node in self.nodes)
        return self.nodes[position].saved or not taken

    def values(self) -> dict[str, int]:
        """Work out every dataset."""
        known = dict(zip(RAW, self.raw, strict=True))
        for position, node in enumerate(self.nodes):
            total = sum(known[name] for name in node.inputs)
            known[f"d{position}"] = OPERATIONS[node.operation](total, node.k)
        return known

    def saved(self) -> dict[str, int]:
        """Return the content of each saved output by its file."""
        values = self.values()
        return {f"d{n}.json": values[f"d{n}"] for n in range(len(self.nodes)) if self.is_saved(n)}

    def files(self) -> Mapping[str, str]:
        """Write the project down."""
        entries = [f"{name}: data/{name}.json" for name in RAW]
        entries += [f"d{n}: out/d{n}.json" for n in range(len(self.nodes)) if self.is_saved(n)]
        return {
            "conf/base/catalog.yml": "\n".join(entries) + "\n",
            "conf/base/parameters.yml": "".join(f"p{n}: {node.k}\n" for n, node in enumerate(self.nodes)),
            "src/proj/__init__.py": "",
            "src/proj/nodes/__init__.py": "",
            **{f"data/{name}.json": json.dumps(raw) for name, raw in zip(RAW, self.raw, strict=True)},
            **{f"src/proj/helper{n}.py": f"K = {node.k}\n" for n, node in enumerate(self.nodes)},
            **{f"src/proj/nodes/n{n}.py": self._module(n, node) for n, node in enumerate(self.nodes)},
        }

    def _module(self, n: int, node: Made) -> str:
        operand = {"body": str(node.k), "helper": f"helper{n}.K", "parameter": f"p{n}"}[node.source]
        total = " + ".join(node.inputs)
        return "\n".join(
            [
                *["# noise"] * self.noise,
                "from mlflow_tmpl import node",
                *([f"from proj import helper{n}"] if node.source == "helper" else []),
                f"@node(outputs='d{n}', name='{node.name}')",
                f"def f({', '.join(node.inputs)}{f', *, p{n}' if node.source == 'parameter' else ''}):",
                f"    return {node.operation.format(f'({total})', operand)}",
                "",
            ]
        )


@dataclass(frozen=True)
class Step:
    """What happens between two runs.

    Attributes:
        kind: one of `KINDS`.
        at: which node it is about, modulo their number.
        k: a number for it.
        inputs: for a new wiring, counted among what there is.
    """

    kind: str
    at: int
    k: int
    inputs: tuple[int, ...] = field(default=(0,))


def edited(flow: Flow, step: Step) -> Flow:
    """Return the flow after a step; steps that change no source give the same one."""
    at = step.at % len(flow.nodes)
    node = flow.nodes[at]
    changes: dict[str, Callable[[], Made]] = {
        "number": lambda: replace(node, k=step.k),
        "operation": lambda: replace(node, operation=list(OPERATIONS)[step.k % len(OPERATIONS)]),
        "source": lambda: replace(node, source=("body", "helper", "parameter")[step.k % 3]),
        "saving": lambda: replace(node, saved=not node.saved),
        "wiring": lambda: replace(node, inputs=_inputs(at, step.inputs)),
        "name": lambda: replace(node, name=f"{node.name}_"),
    }
    if step.kind in changes:
        return replace(flow, nodes=(*flow.nodes[:at], changes[step.kind](), *flow.nodes[at + 1 :]))
    if step.kind == "raw":
        return replace(flow, raw=(step.k, *flow.raw[1:]) if step.at % 2 else (flow.raw[0], step.k))
    if step.kind == "noise":
        return replace(flow, noise=flow.noise + 1)
    if step.kind == "node":
        new = Made(
            _inputs(len(flow.nodes), step.inputs), "{} + {}", step.k, "body", True, f"n{len(flow.nodes)}"
        )
        return replace(flow, nodes=(*flow.nodes, new))
    return flow


SLICES = ("to-nodes", "from-nodes", "nodes")
KINDS = (
    *("number", "operation", "source", "saving", "wiring", "name", "raw", "noise", "node"),
    *("delete", "tamper", "force", "back", *SLICES),
)


def _inputs(position: int, picks: tuple[int, ...]) -> tuple[str, ...]:
    there = [*RAW, *(f"d{n}" for n in range(position))]
    return tuple(dict.fromkeys(there[pick % len(there)] for pick in picks))


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """Any pipeline of up to six nodes."""
    nodes = []
    for n in range(draw(st.integers(1, 6))):
        picks = tuple(draw(st.lists(st.integers(0, 9), min_size=1, max_size=3)))
        nodes.append(
            Made(
                _inputs(n, picks),
                draw(st.sampled_from(list(OPERATIONS))),
                draw(st.integers(1, 4)),
                draw(st.sampled_from(["body", "helper", "parameter"])),
                draw(st.booleans()),
                f"n{n}",
            )
        )
    return Flow(tuple(nodes))


steps = st.builds(
    Step,
    st.sampled_from(KINDS),
    st.integers(0, 9),
    st.integers(1, 9),
    st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple),
)
