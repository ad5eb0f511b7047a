"""The assembled pipelines as they were last loaded, kept while nothing changes that loading them depended on."""

from mlflow_tmpl.definition.definitions import Definition, Definitions, NotRemembered

__all__ = ["Definition", "Definitions", "NotRemembered"]
