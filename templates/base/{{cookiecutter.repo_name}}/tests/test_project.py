from pathlib import Path

from mlflow_tmpl import open_project

ROOT = Path(__file__).parents[1]


def test_the_entries_of_the_catalog_are_sound():
    open_project(ROOT).catalog.check()
