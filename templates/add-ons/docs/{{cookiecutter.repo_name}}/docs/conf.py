"""How Sphinx makes the site."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

project = "{{ cookiecutter.project_name }}"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
autodoc_default_options = {"members": True}
exclude_patterns = ["_build"]
