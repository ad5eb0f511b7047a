"""The drawing as PNG, without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from mlflow_tmpl.views.graph import GraphView

SCALE = 2.0
"""Pixels of the picture for one of the drawing, so that it is sharp on fine screens."""
LARGEST = 16_000
"""Pixels of the longer side; few programs open larger pictures."""
_WORD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">'
    '<text x="1" y="9" font-family="sans-serif" font-size="9">{}</text></svg>'
)


def to_png(view: GraphView, *, parameters: bool | None = None, expand: bool = False) -> bytes:
    """Return the drawing as a picture, in the light colours.

    Args:
        view: what to draw.
        parameters: whether to draw parameters; by default if there is room for them.
        expand: whether all boxes are open; by default those that leave the drawing readable.

    Raises:
        UsageError: the package that paints is not installed, or this machine has no fonts.
    """
    from mlflow_tmpl.views.svg import draw_svg

    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        hint = "pip install 'mlflow-tmpl[png]', or write .svg, which needs nothing"
        raise UsageError("a .png needs the package 'resvg-py', which is not installed", hint=hint) from error
    if svg_to_bytes(svg_string=_WORD.format("mlo")) == svg_to_bytes(svg_string=_WORD.format("")):
        hint = "install fonts (on Debian: apt-get install fonts-dejavu-core), or write .svg"
        raise UsageError("a .png needs fonts, and none is installed", hint=hint)
    drawing = draw_svg(view, parameters=parameters, expand=expand)
    zoom = min(SCALE, LARGEST / max(drawing.width, drawing.height))
    return bytes(svg_to_bytes(svg_string=drawing.text, zoom=zoom))
