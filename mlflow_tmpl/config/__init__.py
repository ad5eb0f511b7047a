"""Configuration: layered YAML in which every value knows its file and line."""

from mlflow_tmpl.config.config import Config, environments, parse_assignment
from mlflow_tmpl.config.convert import convert, parameter_annotations
from mlflow_tmpl.config.layers import merge, read_layer
from mlflow_tmpl.config.values import Origin, Value, located
from mlflow_tmpl.config.yaml import parse_yaml, read_yaml

__all__ = [
    "Config",
    "Origin",
    "Value",
    "convert",
    "environments",
    "located",
    "merge",
    "parameter_annotations",
    "parse_assignment",
    "parse_yaml",
    "read_layer",
    "read_yaml",
]
