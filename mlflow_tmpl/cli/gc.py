"""`mlo gc`: the same as `mlo store gc`."""

from mlflow_tmpl.cli.store.gc import command

__all__ = ["command"]
