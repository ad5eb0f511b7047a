"""The drawing as SVG, alone in a file."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mlflow_tmpl.views.layout import lay_out
from mlflow_tmpl.views.palette import drawing_css
from mlflow_tmpl.views.shapes import shapes, xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.views.graph import GraphView
    from mlflow_tmpl.views.layout import Direction, Layout, Point

MARGIN = 28
ARROW = 6.0
"""Length of an arrow's head; the line ends where it begins."""
PARAMETERS_UP_TO = 150
"""Vertices up to which parameters are shown unless asked otherwise; above, they would drown the rest."""


def show_parameters(view: GraphView) -> bool:
    """Tell whether parameters are shown when nobody says."""
    return len(view.nodes) + len(view.datasets) + len(view.parameters) <= PARAMETERS_UP_TO


def to_svg(view: GraphView, *, parameters: bool | None = None) -> str:
    """Return the drawing as a document of its own, without scripts, that follows the reader's light or dark.

    Args:
        view: what to draw.
        parameters: whether to draw parameters; by default if there is room for them.
    """
    chosen = show_parameters(view) if parameters is None else parameters
    size, scene = _scene(view, parameters=chosen)
    width, height = size[0] + 2 * MARGIN, size[1] + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" width="{width:g}" height="{height:g}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width:g} {height:g}">\n<title>{xml(view.title)}</title>\n'
        f"<style>{drawing_css()}</style>\n"
        f'<rect class="back" x="{-MARGIN}" y="{-MARGIN}" width="{width:g}" height="{height:g}"/>\n{scene}</svg>\n'
    )


def _scene(view: GraphView, *, parameters: bool) -> tuple[tuple[float, float], str]:
    """Return the size of a drawing, and its edges and vertices in SVG, the vertices in the order of the pipeline."""
    vertices = list(shapes(view, parameters=parameters))
    hidden = set() if parameters else {parameter.id for parameter in view.parameters}
    edges = [(edge.source, edge.target) for edge in view.edges if edge.source not in hidden]
    layout = lay_out({shape.id: (shape.width, shape.height) for shape in vertices}, edges)
    parts = [_ARROW, *_edges(view, layout)]
    for shape in vertices:
        box = layout.boxes[shape.id]
        parts.append(
            f'<g class="vertex {shape.kind}" transform="translate({box.x:g} {box.y:g})">'
            f"<title>{xml(shape.label)}</title>{shape.body}</g>\n"
        )
    return (layout.width, layout.height), "".join(parts)


_ARROW = (
    f'<defs><marker id="arrow" viewBox="0 0 6 6" refX="0" refY="3" markerWidth="{ARROW:g}" markerHeight="{ARROW:g}" '
    'markerUnits="userSpaceOnUse" orient="auto"><path class="arrow" d="M0 .4 6 3 0 5.6Z"/></marker></defs>\n'
)


def _edges(view: GraphView, layout: Layout) -> Iterator[str]:
    parameters = {parameter.id for parameter in view.parameters}
    for (source, _), route in layout.routes.items():
        kind = "edge of-param" if source in parameters else "edge"
        yield f'<path class="{kind}" d="{_path(route, layout.direction)}" marker-end="url(#arrow)"/>\n'


def _path(route: tuple[Point, ...], direction: Direction) -> str:
    """Return a line that leaves and reaches boxes at right angles, curved only between layers."""
    down = direction == "down"
    *points, (last_x, last_y) = route
    points.append((last_x, last_y - ARROW) if down else (last_x - ARROW, last_y))
    drawn = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if (x == to_x) if down else (y == to_y):
            straight = f"V{to_y:g}" if down else f"H{to_x:g}"
            if drawn[-1][0] == straight[0]:
                drawn.pop()
            drawn.append(straight)
        elif down:
            drawn.append(f"C{x:g} {(y + to_y) / 2:g} {to_x:g} {(y + to_y) / 2:g} {to_x:g} {to_y:g}")
        else:
            drawn.append(f"C{(x + to_x) / 2:g} {y:g} {(x + to_x) / 2:g} {to_y:g} {to_x:g} {to_y:g}")
    return "".join(drawn)
