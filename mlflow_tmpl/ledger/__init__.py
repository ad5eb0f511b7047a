"""The ledger: the record of every run, node run and dataset version."""

from mlflow_tmpl.ledger.ledger import Ledger
from mlflow_tmpl.ledger.records import NodeRecord, RunRecord

__all__ = ["Ledger", "NodeRecord", "RunRecord"]
