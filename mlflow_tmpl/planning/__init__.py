"""Plans: fingerprints of code, data and parameters, and what follows from them."""

from mlflow_tmpl.planning.arguments import NO_PARAMETERS, BoundParameter, bind_parameters
from mlflow_tmpl.planning.code import CodeReader, remember_loaded_sources
from mlflow_tmpl.planning.decide import Force
from mlflow_tmpl.planning.history import History, NoHistory, Parts, PastResult
from mlflow_tmpl.planning.plan import Action, Plan, Step, make_plan
from mlflow_tmpl.planning.reasons import Reason

__all__ = [
    "NO_PARAMETERS",
    "Action",
    "BoundParameter",
    "CodeReader",
    "Force",
    "History",
    "NoHistory",
    "Parts",
    "PastResult",
    "Plan",
    "Reason",
    "Step",
    "bind_parameters",
    "make_plan",
    "remember_loaded_sources",
]
