"""A project with values in memory, saved outputs and parameters, for edits of everything but reachable code."""

from __future__ import annotations

NODES = """
from mlflow_tmpl import node


@node(outputs="cleaned")
def clean(raw):
    return [x for x in raw if x is not None]


@node(outputs="scaled")
def scale(cleaned, *, factor):
    return [x * factor for x in cleaned]


@node(outputs="total")
def add(scaled):
    return sum(scaled)


@node(outputs="summary")
def summarize(cleaned, total, *, words):
    return {"count": len(cleaned), "total": total, "words": words}
"""

OTHER = """
from mlflow_tmpl import node


@node(outputs="other")
def other(second):
    return len(second)
"""

CATALOG = """
raw: data/raw.json
second: data/second.json
scaled: out/scaled.json
total: out/total.json
summary: {type: json, filepath: out/summary.json}
other: out/other.json
"""

PARAMETERS = """
factor: 2
words: {first: a, second: b}
unread: 1
"""

FLOW = {
    "conf/base/catalog.yml": CATALOG,
    "conf/base/parameters.yml": PARAMETERS,
    "data/raw.json": "[1, 2, null]",
    "data/second.json": "[1]",
    "src/proj/__init__.py": "",
    "src/proj/nodes/__init__.py": "",
    "src/proj/nodes/flow.py": NODES,
    "src/proj/nodes/other.py": OTHER,
}

CODE = "src/proj/nodes/flow.py"
CATALOG_FILE = "conf/base/catalog.yml"
PARAMETERS_FILE = "conf/base/parameters.yml"
EVERY = {"clean", "scale", "add", "summarize", "other"}
SCALING = {"clean", "scale", "add", "summarize"}
"""What runs when `scale` gives something else: `clean` only since its value in memory is needed."""
