"""Whether a project and its machine are in order, and how to mend what is not."""

from mlflow_tmpl.doctor.finding import Finding
from mlflow_tmpl.doctor.project import examine

__all__ = ["Finding", "examine"]
