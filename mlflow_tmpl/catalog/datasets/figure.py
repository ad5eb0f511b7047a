"""Drawings and pictures: matplotlib and plotly figures, images of Pillow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import method_of, require
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


_PLOTLY: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    ".json": ("write_json", {}),
    # The page's element would get a random name, and equal figures different bytes.
    ".html": ("write_html", {"div_id": "figure"}),
}


def _save_plotly(data: Any, target: Path, **save_args: Any) -> None:
    """Save a figure as its suffix says; as a picture that needs the package kaleido."""
    method, fixed = _PLOTLY.get(target.suffix.lower(), ("write_image", {}))
    method_of(data, method, "a plotly figure")(target, **{**fixed, **save_args})


def _load_plotly(source: Any, **load_args: Any) -> Any:
    from plotly.io import from_json

    text = source.read() if hasattr(source, "read") else source.read_bytes()
    return from_json(text.decode("utf-8"), **load_args)


def _load_image(source: Any, **load_args: Any) -> Any:
    from PIL import Image

    with Image.open(source, **load_args) as image:
        image.load()
        return image


def _save_image(data: Any, target: Path, **save_args: Any) -> None:
    """Save an image, or an array of pixels."""
    from PIL import Image

    image = Image.fromarray(data) if hasattr(data, "__array_interface__") and hasattr(data, "dtype") else data
    require(image, "PIL.Image.Image")
    image.save(target, **save_args)


FIGURE = Format(
    name="matplotlib",
    value="figure, saved as its suffix says; not loaded",
    aliases=("matplotlib.MatplotlibDataset", "matplotlib.MatplotlibWriter"),
    suffixes=(".png", ".svg", ".pdf"),
    load=None,
    save=_save_figure,
    package="matplotlib",
    extra="matplotlib",
    instead="figures are only saved; declare another entry of type image or bytes for this filepath to load it",
)

PLOTLY = Format(
    name="plotly",
    value="figure; as `.json` it is loaded again",
    aliases=("plotly.JSONDataset", "plotly.HTMLDataset"),
    load=_load_plotly,
    save=_save_plotly,
    package="plotly",
    extra="plotly",
)

IMAGE = Format(
    name="image",
    value="image of Pillow; arrays of pixels are saved, too",
    aliases=("pillow.ImageDataset",),
    suffixes=(".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp"),
    load=_load_image,
    save=_save_image,
    package="PIL",
    extra="image",
)

FIGURES = (FIGURE, PLOTLY, IMAGE)
