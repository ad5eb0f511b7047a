"""Configuration: layered YAML in which every value knows its file and line."""

from mlflow_tmpl.config.config import Config, environments, parse_assignment
from mlflow_tmpl.config.convert import convert, parameter_annotations
from mlflow_tmpl.config.layers import merge, read_layer, read_parameters
from mlflow_tmpl.config.sources import open_source
from mlflow_tmpl.config.values import Origin, Unresolved, Value, located
from mlflow_tmpl.config.yaml import parse_yaml, read_yaml

__all__ = [
    "Config",
    "Origin",
    "Unresolved",
    "Value",
    "convert",
    "environments",
    "located",
    "merge",
    "open_source",
    "parameter_annotations",
    "parse_assignment",
    "parse_yaml",
    "read_layer",
    "read_parameters",
    "read_yaml",
]
