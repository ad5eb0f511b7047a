"""Nodes and pipelines: plain values, no input or output, no configuration."""

from mlflow_tmpl.pipeline.node import Node, node
from mlflow_tmpl.pipeline.options import NodeOptions
from mlflow_tmpl.pipeline.pipeline import Pipeline
from mlflow_tmpl.pipeline.selection import Selection

__all__ = ["Node", "NodeOptions", "Pipeline", "Selection", "node"]
