"""Hooks: functions of a project, or of packages, that are called when something happens in a run.

A hook is a function with the name of a specification in `mlflow_tmpl.hooks.specs`, marked with `hookimpl`; it takes
as many of the arguments of the specification as it needs. Importing this package imports nothing else.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_tmpl.hooks.calling import Hooks
    from mlflow_tmpl.hooks.specs import StopRun, hookimpl
    from mlflow_tmpl.hooks.told import DatasetInfo, ErrorInfo, NodeInfo, NodeOutcome, RunInfo

_HOMES = {
    "DatasetInfo": "told",
    "ErrorInfo": "told",
    "Hooks": "calling",
    "NodeInfo": "told",
    "NodeOutcome": "told",
    "RunInfo": "told",
    "StopRun": "specs",
    "hookimpl": "specs",
}

__all__ = [
    "DatasetInfo",
    "ErrorInfo",
    "Hooks",
    "NodeInfo",
    "NodeOutcome",
    "RunInfo",
    "StopRun",
    "hookimpl",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
