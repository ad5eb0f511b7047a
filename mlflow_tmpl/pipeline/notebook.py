"""How values of the lower floors show themselves in a notebook: by the views, which stand above them."""

from __future__ import annotations

from typing import Any


def bundle(kind: str, shown: Any) -> dict[str, str]:
    """Return a value by kinds of media, as ``_repr_mimebundle_`` gives them.

    The drawing is found by name, and only when a notebook asks: nothing here may know of what stands above.

    Args:
        kind: ``pipeline`` or ``plan``.
        shown: the value.
    """
    from importlib import import_module

    found: dict[str, str] = getattr(import_module("mlflow_tmpl.views.notebook"), f"{kind}_bundle")(shown)
    return found
