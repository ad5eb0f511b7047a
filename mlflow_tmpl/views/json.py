"""The model itself as a JSON document, described by ``docs/reference/schemas/graph.schema.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_tmpl.views.graph import GraphView


def to_json(view: GraphView, *, indent: int = 2) -> str:
    """Return the model as JSON.

    Args:
        view: what to write.
        indent: blanks a level; 0 for one line without any.
    """
    import msgspec

    document = msgspec.json.encode(view)
    return (msgspec.json.format(document, indent=indent) if indent else document).decode()
