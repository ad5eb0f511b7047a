"""A pipeline whose values are frames, arrays and plain ones, with several takers and with one."""

from __future__ import annotations

from mlflow_tmpl import Node, Pipeline
from tests.unit.engine.clusters import nodes

FLOW = Pipeline(
    [
        Node(nodes.rows, "params:count", "frame"),
        Node(nodes.halves, "frame", ["left", "right"]),
        Node(nodes.spoil, "left", "spoilt"),
        Node(nodes.total, "left", "total"),
        Node(nodes.fill, "right", "filled"),
        Node(lambda spoilt, total, filled: {"all": [spoilt, total, filled]}, outputs="end", name="collect"),
    ]
)
