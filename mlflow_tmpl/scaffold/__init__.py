"""`mlo new`: a project made from a template by cookiecutter, whole or not at all."""

from mlflow_tmpl.scaffold.answers import Answers, read_answers
from mlflow_tmpl.scaffold.new import Made, new_project
from mlflow_tmpl.scaffold.request import Request
from mlflow_tmpl.scaffold.shelf import ADD_ONS, DEFAULT_ADD_ONS, STARTERS, templates_folder

__all__ = [
    "ADD_ONS",
    "DEFAULT_ADD_ONS",
    "STARTERS",
    "Answers",
    "Made",
    "Request",
    "new_project",
    "read_answers",
    "templates_folder",
]
