"""The engine: one scheduler loop over executors that know where to call."""

from mlflow_tmpl.engine.engines import ENGINES
from mlflow_tmpl.engine.execute import execute
from mlflow_tmpl.engine.failure import NodeFailure
from mlflow_tmpl.engine.result import NodeRun, RunResult
from mlflow_tmpl.engine.run import run

__all__ = ["ENGINES", "NodeFailure", "NodeRun", "RunResult", "execute", "run"]
