"""Pipelines of any shape."""

from __future__ import annotations

from hypothesis import strategies as st

from mlflow_tmpl.pipeline import Node, Pipeline


def combine(*values: object) -> object:
    """Stand for any function."""
    return values


@st.composite
def pipelines(draw: st.DrawFn, size: int = 8) -> Pipeline:
    """Some nodes of one fixed universe, so that two pipelines share nodes and never contradict each other."""
    picked = draw(st.lists(st.integers(0, size - 1), unique=True))
    return Pipeline([node_of(number) for number in picked])


def node_of(number: int) -> Node:
    """Return a node of the universe; it takes what some earlier ones give."""
    inputs = [f"d{other}" for other in range(number) if (number * 7 + other * 3) % 4 == 0]
    return Node(combine, [*inputs, "free"], f"d{number}", name=f"n{number}", tags={f"t{number % 3}"})
