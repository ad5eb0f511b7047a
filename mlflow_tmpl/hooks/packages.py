"""The packages that our own hooks need."""

from __future__ import annotations

from importlib.util import find_spec

from mlflow_tmpl.errors import ProjectError


def require(package: str, extra: str) -> None:
    """Refuse hooks whose package is not installed; it is imported when they are called.

    Raises:
        ProjectError: it is not; the hint is the command that installs it.
    """
    try:
        found = find_spec(package) is not None
    except ModuleNotFoundError:  # a package that it lies in
        found = False
    if not found:
        raise ProjectError(
            f"the hooks {extra!r} need the package {package!r}",
            where="pyproject.toml",
            hint=f"pip install 'mlflow-tmpl[{extra}]'",
        )
