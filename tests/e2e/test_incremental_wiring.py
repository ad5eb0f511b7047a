"""Edits of how functions are wired and bound: nothing stale, and names that mean nothing make nothing run."""

# ruff: noqa: E501 (a table reads better with a row a line)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .flow import CATALOG_FILE, FLOW, PARAMETERS_FILE

if TYPE_CHECKING:
    from .incremental import Lab

FUNCTIONS = """
def take(x):
    return x


def pair(x, **named):
    return [x, list(named.values())]


def make(k):
    return lambda x: [x, k]
"""


@pytest.fixture
def apart(lab: Lab) -> Lab:
    """A project whose nodes are wired in ``pipelines.py``, and whose functions stand in a module of their own."""
    return lab.write({**FLOW, "src/proj/functions.py": FUNCTIONS})


def wired(lab: Lab, nodes: str, top: str = "", arguments: str = "") -> Lab:
    """Wire the nodes of a project whose functions stand elsewhere."""
    return lab.write(
        {
            "src/proj/pipelines.py": f"""
from functools import partial
from mlflow_tmpl import Node, Pipeline
from proj import functions as f
{top}

def register_pipelines({arguments}):
    return {{"__default__": Pipeline([{nodes}])}}
"""
        }
    )


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        pytest.param("Node(f.take, 'raw', 'other')", "Node(f.take, 'raw', 'other', name='new')", set(), id="a-name"),
        pytest.param("Node(f.take, 'raw', 'other')", "Node(f.take, 'raw', 'other', tags='t')", set(), id="a-tag"),
        pytest.param("Node(f.take, 'raw', 'other')", "Node(f.take, 'second', 'other')", {"take"}, id="an-input"),
        pytest.param("Node(f.take, 'raw', 'other')", "Node(f.take, 'raw', 'total')", {"take"}, id="an-output"),
        pytest.param("Node(f.take, 'second', 'other')", "Node(f.take, 'second', ['other'])", {"take"}, id="its-shape"),
        pytest.param("Node(f.take, 'two', ['other', 'total'])", "Node(f.take, 'two', ['total', 'other'])", {"take"}, id="the-order-of-outputs"),
        pytest.param(
            "Node(f.take, 'keyed', {'a': 'other', 'b': 'total'})",
            "Node(f.take, 'keyed', {'a': 'total', 'b': 'other'})",
            {"take"},
            id="the-keys-of-outputs",
        ),
        pytest.param(
            "Node(f.pair, {'x': 'raw', 'a': 'second', 'b': 'two'}, 'other')",
            "Node(f.pair, {'x': 'raw', 'b': 'two', 'a': 'second'}, 'other')",
            {"pair"},
            id="the-order-of-named-inputs",
        ),
        pytest.param(
            "Node(f.pair, {'x': 'raw', 'a': 'second'}, 'other')",
            "Node(f.pair, {'x': 'raw', 'b': 'second'}, 'other')",
            {"pair"},
            id="the-name-of-an-argument",
        ),
        pytest.param("Node(f.take, 'params:factor', 'other')", "Node(f.take, 'params:unread', 'other')", {"take"}, id="a-parameter"),
        pytest.param("Node(partial(f.pair, a=1), 'raw', 'other')", "Node(partial(f.pair, a=2), 'raw', 'other')", {"pair"}, id="a-partial"),
        pytest.param("Node(f.make(1), 'raw', 'other', name='n')", "Node(f.make(2), 'raw', 'other', name='n')", {"n"}, id="a-closure"),
        pytest.param("Node(f.make(1), 'raw', 'other', name='n')", "Node(f.make(True), 'raw', 'other', name='n')", {"n"}, id="the-type-in-a-closure"),
        pytest.param("Node(lambda x: x, 'raw', 'other', name='n')", "Node(lambda x: [x], 'raw', 'other', name='n')", {"n"}, id="a-lambda"),
        pytest.param("Node(f.take, 'raw', 'other')", "Node(f.make(0), 'raw', 'other', name='take')", {"take"}, id="a-function"),
        pytest.param(
            "Node(f.take, 'raw', 'other')",
            "Node(f.take, 'raw', 'other'), Node(f.take, 'raw', 'total', name='more')",
            {"more"},
            id="a-new-node",
        ),
        pytest.param(
            "Node(f.take, 'raw', 'other'), Node(f.take, 'raw', 'total', name='more')",
            "Node(f.take, 'raw', 'other')",
            set(),
            id="a-node-gone",
        ),
        pytest.param(
            "Node(f.take, 'raw', 'a'), Node(f.make(1), 'a', 'other', name='n')",
            "Node(f.take, 'second', 'a'), Node(f.make(1), 'a', 'other', name='n')",
            {"take", "n"},
            id="an-input-of-what-is-before-in-memory",
        ),
        pytest.param(
            "Node(f.take, 'raw', 'a'), Node(f.make(1), 'a', 'other', name='n')",
            "Node(f.take, 'raw', 'a'), Node(f.make(2), 'a', 'b', name='m'), Node(f.make(1), 'b', 'other', name='n')",
            {"take", "m", "n"},
            id="a-node-put-between",
        ),
    ],
)  # fmt: skip
def test_wiring_counts_and_names_do_not(apart: Lab, before: str, after: str, runs: set[str]) -> None:
    apart.write(
        {"data/two.json": "[[1], [2]]", "data/keyed.json": '{"a": 1, "b": 2}', "data/second.json": "[4]"}
    )
    apart.write({CATALOG_FILE: FLOW[CATALOG_FILE] + "two: data/two.json\nkeyed: data/keyed.json\n"})
    wired(apart, before).run()
    wired(apart, after)
    assert apart.rerun() == runs


@pytest.mark.parametrize(
    ("nodes", "top"),
    [
        pytest.param("Node(partial(f.pair, a=params['factor']), 'raw', 'other', name='n')", "", id="a-partial"),
        pytest.param("Node(f.make(params['factor']), 'raw', 'other', name='n')", "", id="a-closure"),
        pytest.param(
            "Node((lambda x: [x]) if params['factor'] == 2 else (lambda x: x), 'raw', 'other', name='n')",
            "",
            id="one-of-two-lambdas",
        ),
        pytest.param("Node(choose(params['factor']), 'raw', 'other', name='n')", """
def choose(k):
    if k == 2:
        def run(x):
            return [x]
    else:
        def run(x):
            return [x, x]
    return run
""", id="one-of-two-inner-functions"),
        pytest.param("Node(steps([one, two, one] if params['factor'] == 2 else [one, two, two]), 'raw', 'other', name='n')", """
def one(x): return [x, 1]
def two(x): return [x, 2]
def steps(all):
    def run(x):
        for step in all:
            x = step(x)
        return x
    return run
""", id="functions-in-another-order"),
        pytest.param("Node(default(params['factor']), 'raw', 'other', name='n')", """
def default(k):
    def run(x, k=k):
        return [x, k]
    return run
""", id="a-default"),
        pytest.param("Node(default(params['factor']), 'raw', 'other', name='n')", """
import numpy
def default(k):
    def run(x, k=numpy.array([k])):
        return [x, k.tolist()]
    return run
""", id="a-default-that-cannot-be-told"),
        pytest.param("Node(Scale(params['factor']), 'raw', 'other', name='n')", """
class Scale:
    def __init__(self, k): self.k = k
    def __call__(self, x): return [x, self.k]
""", id="an-object"),
        pytest.param("Node(Scale(params['factor']), 'raw', 'other', name='n')", """
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Scale:
    k: int
    def __call__(self, x): return [x, self.k]
""", id="a-slotted-dataclass"),
        pytest.param("Node(Scale(f.take, params['factor']), 'raw', 'other', name='n')", """
from functools import update_wrapper
class Scale:
    def __init__(self, func, k):
        self.func, self.k = func, k
        update_wrapper(self, func)
    def __call__(self, x): return [self.func(x), self.k]
""", id="an-object-that-wraps"),
        pytest.param("Node(Scale(params['factor']).run, 'raw', 'other', name='n')", """
class Scale:
    def __init__(self, k): self.k = k
    def run(self, x): return [x, self.k]
""", id="a-method"),
        pytest.param("Node(attributed(params['factor']), 'raw', 'other', name='n')", """
def attributed(k):
    def run(x): return [x, run.k]
    run.k = k
    return run
""", id="an-attribute-of-the-function"),
        pytest.param("Node(f.pair, {'x': 'raw', **({'a': 'second'} if params['factor'] == 2 else {})}, 'other', name='n')", "", id="wiring"),
    ],
)  # fmt: skip
def test_pipelines_made_from_parameters_count_what_went_into_them(apart: Lab, nodes: str, top: str) -> None:
    wired(apart, nodes, top, "params").run()
    apart.replace(PARAMETERS_FILE, "factor: 2", "factor: 3")
    assert apart.rerun() == {"n"}


def test_a_wrapper_from_another_module_counts_where_it_is_put_on(apart: Lab) -> None:
    wrapper = """
from functools import wraps
def times(func):
    @wraps(func)
    def wrapper(x):
        return [func(x)] * 2
    return wrapper
"""
    apart.write({"src/proj/wrapping.py": wrapper})
    wired(apart, "Node(times(f.take), 'raw', 'other', name='n')", "from proj.wrapping import times").run()
    apart.replace("src/proj/wrapping.py", "* 2", "* 3")
    assert apart.rerun() == {"n"}
