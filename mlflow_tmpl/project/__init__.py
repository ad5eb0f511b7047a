"""A project: its root, its settings, and through them config, catalog, pipelines, plans and runs."""

from mlflow_tmpl.project.project import Project, open_project

__all__ = ["Project", "open_project"]
