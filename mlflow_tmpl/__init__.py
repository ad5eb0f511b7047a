"""mlo: projects for data science and machine learning that run only what has to run.

The names below are the public interface. They are imported when they are first used, so that
``import mlflow_tmpl`` and every ``mlo`` command pay only for what they need.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mlflow_tmpl.catalog import Catalog, Dataset
    from mlflow_tmpl.engine import RunResult, run
    from mlflow_tmpl.errors import MloError
    from mlflow_tmpl.pipeline import Node, NodeOptions, Pipeline, node
    from mlflow_tmpl.project import Project, open_project

_HOMES = {
    "Catalog": "mlflow_tmpl.catalog",
    "Dataset": "mlflow_tmpl.catalog",
    "MloError": "mlflow_tmpl.errors",
    "Node": "mlflow_tmpl.pipeline",
    "NodeOptions": "mlflow_tmpl.pipeline",
    "Pipeline": "mlflow_tmpl.pipeline",
    "Project": "mlflow_tmpl.project",
    "RunResult": "mlflow_tmpl.engine",
    "node": "mlflow_tmpl.pipeline",
    "open_project": "mlflow_tmpl.project",
    "run": "mlflow_tmpl.engine",
}

__all__ = [
    "Catalog",
    "Dataset",
    "MloError",
    "Node",
    "NodeOptions",
    "Pipeline",
    "Project",
    "RunResult",
    "__version__",
    "node",
    "open_project",
    "run",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mlflow_tmpl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
