"""Drawings: matplotlib figures, saved as PNG, SVG or PDF and never loaded back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_UNDATED: Mapping[str, dict[str, None]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
    ".eps": {"CreationDate": None},
}
"""Metadata that would make two saves of one figure differ."""


def _save_figure(data: Any, target: Path, **save_args: Any) -> None:
    """Save a figure, or the figure of the axes that a plotting function gave back."""
    import matplotlib

    figure: Any = data if hasattr(data, "savefig") else getattr(data, "figure", None)
    if not hasattr(figure, "savefig"):
        raise TypeError(f"a matplotlib figure is needed, not {type(data).__name__}")
    metadata = {**_UNDATED.get(target.suffix.lower(), {}), **save_args.pop("metadata", {})}
    with matplotlib.rc_context({"svg.hashsalt": "mlo"}):
        figure.savefig(target, **save_args, metadata=metadata or None)


FIGURE = Format(
    name="matplotlib",
    aliases=("matplotlib.MatplotlibDataset", "matplotlib.MatplotlibWriter"),
    suffixes=(".png", ".svg", ".pdf"),
    load=None,
    save=_save_figure,
    package="matplotlib",
    extra="matplotlib",
    instead="figures are only saved; declare another entry of type bytes for this filepath to load the image",
)
