"""The drawing as PNG, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_tmpl.views.graph import GraphView

    Paint = Callable[..., bytes]

SCALE = 2.0
"""Pixels of the picture for one of the drawing, so that it is sharp on fine screens."""
LARGEST = 16_000
"""Pixels of the longer side; few programs open larger pictures."""
MOST = 60_000_000
"""Pixels of a picture: a quarter of a gigabyte while it is painted."""
FAMILIES = (
    ("DejaVu Sans", "DejaVu Sans Mono"),
    ("Liberation Sans", "Liberation Mono"),
    ("Noto Sans", "Noto Sans Mono"),
    ("Arial", "Courier New"),
    ("Helvetica", "Menlo"),
    ("FreeSans", "FreeMono"),
    ("Ubuntu", "Ubuntu Mono"),
)
"""Fonts that are taken for sans serif and monospaced where the system does not say which are."""
_WORD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">'
    '<text x="1" y="9" font-family="{}" font-size="9">{}</text></svg>'
)


def to_png(view: GraphView, *, parameters: bool | None = None, expand: bool = False) -> bytes:
    """Return the drawing as a picture, in the light colours.

    Args:
        view: what to draw.
        parameters: whether to draw parameters; by default if there is room for them.
        expand: whether all boxes are open; by default those that leave the drawing readable.

    Raises:
        UsageError: the package that paints is not installed, or there are no fonts.
    """
    from mlflow_tmpl.views.svg import draw_svg

    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        hint = "pip install 'mlflow-tmpl[png]', or write .svg, which needs nothing"
        raise UsageError("a .png needs the package 'resvg-py', which is not installed", hint=hint) from error
    fonts = _fonts(svg_to_bytes)
    drawing = draw_svg(view, parameters=parameters, expand=expand)
    width, height = drawing.width, drawing.height
    zoom = min(SCALE, LARGEST / max(width, height), (MOST / (width * height)) ** 0.5)
    return bytes(svg_to_bytes(svg_string=drawing.text, zoom=zoom, **fonts))


def _fonts(paint: Paint) -> dict[str, Any]:
    """Return what makes words be painted.

    Raises:
        UsageError: nothing does.
    """
    for fonts in _known_fonts():
        if _paints(paint, "sans-serif", fonts):
            if not _paints(paint, "monospace", fonts):
                fonts["monospace_family"] = fonts.get("sans_serif_family", "sans-serif")
            return fonts
    hint = "install fonts (on Debian: apt-get install fonts-dejavu-core), or write .svg"
    raise UsageError("a .png needs fonts, and none was found", hint=hint)


def _known_fonts() -> Iterator[dict[str, Any]]:
    """Yield the system's own choice, fonts by their names, and those that matplotlib brings along."""
    yield {}
    for sans, mono in FAMILIES:
        yield {"sans_serif_family": sans, "monospace_family": mono}
    from importlib.util import find_spec  # a small image has no fonts, but often has this

    found = find_spec("matplotlib")
    for folder in (found.submodule_search_locations or ()) if found else ():
        sans, mono = FAMILIES[0]
        brought = str(Path(folder) / "mpl-data" / "fonts" / "ttf")
        yield {"font_dirs": [brought], "sans_serif_family": sans, "monospace_family": mono}


def _paints(paint: Paint, family: str, fonts: dict[str, Any]) -> bool:
    """Tell whether a word is more than nothing."""
    word, nothing = (paint(svg_string=_WORD.format(family, text), **fonts) for text in ("mlo", ""))
    return word != nothing
