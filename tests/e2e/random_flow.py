"""Random small pipelines, edited at random, whose values can be worked out without running them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RAW = ("raw0", "raw1")
OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "{} + {}": lambda value, k: value + k,
    "{} * {}": lambda value, k: value * k,
    "{} // {}": lambda value, k: value // k,
    "min({}, {})": min,
}
"""Some of them give the same for different inputs, so that the wave stops early."""


class Way(NamedTuple):
    """A way in which the code of a node comes by a number.

    Attributes:
        operand: the expression in the node.
        own: what stands above the node.
        helper: content of a module of the node's own.
        deep: content of another one.
    """

    operand: str
    own: str = ""
    helper: str = ""
    deep: str = ""


_BOTH = "from proj import helper{n}, deep{n}"
_ONE = "from proj import helper{n}"
_PLUS = """
def plus(v):
    def decorate(f):
        def inner():
            return f() + v
        return inner
    return decorate
"""
WAYS: dict[str, Way] = {
    "body": Way("{k}"),
    "parameter": Way("p{n}"),
    "constant": Way("helper{n}.K", _ONE, "K = {k}"),
    "from": Way("own", "from proj.helper{n} import K as own", "K = {k}"),
    "star": Way("K", "from proj.helper{n} import *", "K = {k}"),
    "by text": Way("getattr(helper{n}, 'K')", _ONE, "K = {k}"),
    "inside": Way("(lambda: __import__('proj.helper{n}').helper{n}.K)()", "", "K = {k}"),
    "re-export": Way(
        "h.give()",
        "from proj import helper{n} as h",
        "from proj.deep{n} import give",
        "K = {k}\ndef give():\n    return K",
    ),
    "class": Way(
        "Holder().get()",
        "from proj.helper{n} import Holder",
        "from proj.deep{n} import Base\nclass Holder(Base):\n    pass",
        "class Base:\n    k = {k}\n    def get(self):\n        return self.k",
    ),
    "instance": Way(
        "helper{n}.HELD.k",
        _ONE,
        "class A:\n    def __init__(self, k):\n        self.k = k\nHELD = A({k})",
    ),
    "table": Way("helper{n}.WAYS['give']()", _ONE, "def give():\n    return {k}\nWAYS = {{'give': give}}"),
    "registered": Way(
        "registry.TABLE['t{n}']",
        "from proj import helper{n}, registry",
        "from proj.registry import TABLE\nTABLE['t{n}'] = {k}",
    ),
    "alias": Way(
        "helper{n}.held()",
        "from proj import helper{n}\nstore = helper{n}.STORE\nstore.append({k})",
        "STORE = []\ndef held():\n    return STORE[-1]",
    ),
    "alias elsewhere": Way(
        "helper{n}.STORE[-1]",
        _BOTH,
        "STORE = []",
        "from proj import helper{n}\ndef fill(into):\n    into.append({k})\nfill(helper{n}.STORE)",
    ),
    "attribute": Way(
        "helper{n}.state.k",
        _BOTH,
        "class S:\n    k = 0\nstate = S()",
        "from proj.helper{n} import state as s\nt = s\nt.k = {k}",
    ),
    "patched": Way("helper{n}.K", _BOTH, "K = 0", "from proj import helper{n}\nhelper{n}.K = {k}"),
    "global": Way(
        "helper{n}.K",
        "from proj import helper{n}\nhelper{n}.put({k})",
        "K = 0\ndef put(v):\n    global K\n    K = v",
    ),
    "decorated": Way("operand()", _ONE + "\n@helper{n}.plus({k})\ndef operand():\n    return 0", _PLUS),
    "decorator": Way(
        "operand()",
        _ONE + "\n@helper{n}.plus\ndef operand():\n    return 0",
        "K = {k}\ndef plus(f):\n    def inner():\n        return f() + K\n    return inner",
    ),
    "partial": Way(
        "helper{n}.give(0)",
        _ONE,
        "from functools import partial\ndef add(a, b):\n    return a + b\ngive = partial(add, {k})",
    ),
    "default": Way("helper{n}.give()", _ONE, "def give(v={k}):\n    return v"),
    "computed": Way(
        "helper{n}.TWICE[0]", _ONE, "from proj.deep{n} import K\nTWICE = [K for _ in range(2)]", "K = {k}"
    ),
    "file": Way("int(pathlib.Path('data/k{n}.txt').read_text())", "import pathlib"),
    "environment": Way("int(os.environ['MLO_K{n}'])", "import os"),
}
SOURCES = list(WAYS)

BOX = """
class Box:
    def __init__(self, v):
        self.v = v

    def get(self):
        return self.v + {bonus}
"""
"""What a value is put into that is no plain one: its takers call a method of a class that they do not name."""


@dataclass(frozen=True)
class Made:
    """A node of a random pipeline; it adds its inputs and does one operation on the sum.

    Attributes:
        inputs: names of datasets.
        operation: a key of `OPERATIONS`.
        k: the other operand.
        source: how its code comes by that: a key of `WAYS`.
        saved: whether the output is saved; one that nothing takes always is.
        name: of the node.
        boxed: whether what it gives is an object of a class of the project.
        keep: whether a value that is not saved is kept.
    """

    inputs: tuple[str, ...]
    operation: str
    k: int
    source: str
    saved: bool
    name: str
    boxed: bool = False
    keep: str = "auto"


@dataclass(frozen=True)
class Flow:
    """A random project.

    Attributes:
        nodes: the nodes; node n makes dataset ``d<n>``.
        raw: content of the raw inputs.
        noise: number of comment lines in every module.
        bonus: what a box adds to its value.
    """

    nodes: tuple[Made, ...]
    raw: tuple[int, ...] = (5, 7)
    noise: int = 0
    bonus: int = 0

    def is_saved(self, position: int) -> bool:
        """Tell whether the output of a node is in the catalog."""
        taken = any(f"d{position}" in node.inputs for node in self.nodes)
        return self.nodes[position].saved or not taken

    def values(self) -> dict[str, int]:
        """Work out every dataset."""
        known = dict(zip(RAW, self.raw, strict=True))
        for position, node in enumerate(self.nodes):
            total = sum(known[name] + self.bonus * self.is_boxed(name) for name in node.inputs)
            known[f"d{position}"] = OPERATIONS[node.operation](total, node.k)
        return known

    def is_boxed(self, name: str) -> bool:
        """Tell whether a dataset is an object of a class of the project."""
        return name not in RAW and self.nodes[int(name[1:])].boxed

    def file(self, position: int) -> str:
        """Return the file that the output of a node is saved in."""
        return f"d{position}.{'pkl' if self.nodes[position].boxed else 'json'}"

    def saved(self) -> dict[str, int]:
        """Return the content of each saved output by its file."""
        values = self.values()
        return {self.file(n): values[f"d{n}"] for n in range(len(self.nodes)) if self.is_saved(n)}

    def environ(self) -> dict[str, str]:
        """Return the environment variables that the nodes read."""
        return {f"MLO_K{n}": str(node.k) for n, node in enumerate(self.nodes)}

    def files(self) -> Mapping[str, str]:
        """Write the project down."""
        entries = [f"{name}: data/{name}.json" for name in RAW]
        entries += [f"d{n}: out/{self.file(n)}" for n in range(len(self.nodes)) if self.is_saved(n)]
        return {
            "conf/base/catalog.yml": "\n".join(entries) + "\n",
            "conf/base/parameters.yml": "".join(f"p{n}: {node.k}\n" for n, node in enumerate(self.nodes)),
            "src/proj/__init__.py": "",
            "src/proj/registry.py": "TABLE = {}\n",
            "src/proj/box.py": BOX.format(bonus=self.bonus),
            "src/proj/nodes/__init__.py": "",
            **{f"data/{name}.json": json.dumps(raw) for name, raw in zip(RAW, self.raw, strict=True)},
            **{name: text for n, node in enumerate(self.nodes) for name, text in self._own_files(n, node)},
        }

    def _own_files(self, n: int, node: Made) -> Iterator[tuple[str, str]]:
        way = Way(*[text.format(n=n, k=node.k) for text in WAYS[node.source]])
        noise = "# noise\ndef unused(): pass\n" * self.noise
        yield f"data/k{n}.txt", str(node.k)
        yield f"src/proj/helper{n}.py", f"{noise}{way.helper}\n"
        yield f"src/proj/deep{n}.py", f"{noise}{way.deep}\n"
        yield f"src/proj/nodes/n{n}.py", f"{noise}{self._module(n, node, way)}"

    def _module(self, n: int, node: Made, way: Way) -> str:
        total = " + ".join(f"{name}.get()" if self.is_boxed(name) else name for name in node.inputs)
        value = node.operation.format(f"({total})", way.operand)
        parameter = f", *, p{n}" if node.source == "parameter" else ""
        return "\n".join(
            [
                "from mlflow_tmpl import node",
                "from proj.box import Box" if node.boxed else "",
                way.own,
                f"@node(outputs='d{n}', name='{node.name}', keep='{node.keep}')",
                f"def f({', '.join(node.inputs)}{parameter}):",
                f"    return {f'Box({value})' if node.boxed else value}",
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
        "source": lambda: replace(node, source=SOURCES[(step.k * 10 + step.at) % len(SOURCES)]),
        "boxing": lambda: replace(node, boxed=not node.boxed),
        "keeping": lambda: replace(node, keep=("auto", "always", "never")[step.k % 3]),
        "saving": lambda: replace(node, saved=not node.saved),
        "wiring": lambda: replace(node, inputs=_inputs(at, step.inputs)),
        "name": lambda: replace(node, name=f"{node.name}_"),
    }
    if step.kind in changes:
        return replace(flow, nodes=(*flow.nodes[:at], changes[step.kind](), *flow.nodes[at + 1 :]))
    if step.kind == "raw":
        return replace(flow, raw=(step.k, *flow.raw[1:]) if step.at % 2 else (flow.raw[0], step.k))
    if step.kind == "bonus":
        return replace(flow, bonus=step.k)
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
    *("boxing", "keeping", "bonus", "number", "source"),
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
                draw(st.sampled_from(SOURCES)),
                draw(st.booleans()),
                f"n{n}",
                draw(st.booleans()),
                draw(st.sampled_from(["auto", "always", "never"])),
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
