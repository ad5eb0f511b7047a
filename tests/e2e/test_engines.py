"""One pipeline under every engine of this machine: the same results, byte for byte."""

from __future__ import annotations

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mlflow_tmpl import Node, NodeOptions, Pipeline, run

ENGINES = ("inline", "threads", "processes")
KINDS = ("list", "array", "frame")


def start(kind: str, number: int) -> Any:
    """Return a value of a kind that can be changed in place."""
    numbers = [number, number + 1, number + 2]
    return {"list": numbers, "array": np.array(numbers), "frame": pd.DataFrame({"x": numbers})}[kind]


class Mix:
    """Makes a value from what it takes, and then spoils all of that in place, which nobody else may notice."""

    def __init__(self, number: int, kinds: tuple[str, ...]) -> None:
        self.number, self.kinds = number, kinds
        self.folder = ""

    def __call__(self, *taken: Any) -> Any:
        made = [start(kind, self.number + sum(map(total, taken))) for kind in self.kinds]
        for value in taken:
            spoil(value)
        failed = Path(self.folder, str(self.number))
        if self.number % 3 == 2 and not failed.exists():
            failed.touch()
            raise ConnectionError("once")
        return made if len(made) > 1 else made[0]


def total(value: Any) -> int:
    """Return the sum of a value's numbers."""
    return int(sum(value["x"] if isinstance(value, pd.DataFrame) else value))


def spoil(value: Any) -> None:
    """Change a value in place, where that is allowed."""
    if isinstance(value, pd.DataFrame):
        value.loc[0, "x"] = -1000
    elif isinstance(value, list) or value.flags.writeable:
        value[0] = -1000


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """Return nodes that take some of what those before them gave."""
    nodes: list[Node] = []
    known: list[str] = []
    for number in range(draw(st.integers(2, 7))):
        kinds = tuple(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2)))
        taken = draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
        made = [f"d{number}_{place}" for place in range(len(kinds))]
        options = NodeOptions(
            retries={"count": 1, "delay_s": 0},
            priority=draw(st.integers(0, 1)),
            engine=draw(st.sampled_from([None, None, "inline", "threads"])),
        )
        outputs = made if len(made) > 1 else made[0]
        nodes.append(Node(Mix(number, kinds), taken, outputs, name=f"n{number}", options=options))
        known += made
    return Pipeline([*nodes, Node(_all, known, "all", name="all")])


def _all(*taken: Any) -> list[Any]:
    return list(taken)


def outcome(pipeline: Pipeline, engine: str) -> bytes:
    """Return all that a pipeline makes, as bytes."""
    with TemporaryDirectory() as folder:
        for node in pipeline:
            if isinstance(node.func, Mix):
                node.func.folder = folder
        every = run(pipeline, engine=engine, jobs=None if engine == "inline" else 2)["all"]
    return pickle.dumps([(type(value).__name__, np.asarray(value).tobytes()) for value in every])


@settings(max_examples=5, phases=[Phase.generate])  # looking for a smaller one would take minutes
@given(pipelines())
def test_random_pipelines_give_the_same_under_every_engine(pipeline: Pipeline) -> None:
    expected = outcome(pipeline, "inline")
    for engine in ENGINES[1:]:
        assert outcome(pipeline, engine) == expected, engine
