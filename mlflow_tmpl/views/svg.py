"""The drawing as SVG, alone in a file: what the page shows first, and what its "Save" writes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from mlflow_tmpl.views.boxes import Boxes
from mlflow_tmpl.views.layout import lay_out
from mlflow_tmpl.views.palette import drawing_css
from mlflow_tmpl.views.shapes import shapes, xml
from mlflow_tmpl.views.visible import seen_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.views.graph import GraphView
    from mlflow_tmpl.views.layout import Direction, Layout, Point
    from mlflow_tmpl.views.shapes import Shape

MARGIN = 28
ARROW = 6.0
"""Length of an arrow's head; the line ends where it begins."""


class Drawing(NamedTuple):
    """A drawing in SVG.

    Attributes:
        width, height: in pixels, margins included.
        text: the document.
        closed: how many boxes are drawn closed.
    """

    width: float
    height: float
    text: str
    closed: int


def to_svg(view: GraphView, *, parameters: bool | None = None, expand: bool = False) -> str:
    """Return the drawing as a document of its own, without scripts, that follows the reader's light or dark.

    Args:
        view: what to draw.
        parameters: whether to draw parameters; by default if there is room for them.
        expand: whether all boxes are open; by default those that leave the drawing readable.
    """
    return draw_svg(view, parameters=parameters, expand=expand).text


def draw_svg(
    view: GraphView, *, parameters: bool | None = None, expand: bool = False, name: str = "graph"
) -> Drawing:
    """Return the drawing and what is to be known of it.

    Args:
        view: what to draw.
        parameters: whether to draw parameters; by default if there is room for them.
        expand: whether all boxes are open; by default those that leave the drawing readable.
        name: class of the drawing, where its style sheet may meet those of others.
    """
    boxes = Boxes(view)
    seen = seen_first(view, boxes, parameters=parameters, expand=expand)
    vertices = list(shapes(view, boxes, seen.ids))
    layout = lay_out(
        {shape.id: (shape.width, shape.height) for shape in vertices}, seen.edges, parents=seen.parents
    )
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    parts = (*_frames(layout, boxes), *_edges(view, layout), *_vertices(layout, vertices))
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" role="img" width="{width:.9g}" height="{height:.9g}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width:.9g} {height:.9g}">\n<title>{xml(view.title)}</title>\n'
        f"<style>{drawing_css().replace('.graph ', f'.{name} ')}</style>\n"
        f'<rect class="back" x="{-MARGIN}" y="{-MARGIN}" width="{width:.9g}" height="{height:.9g}"/>\n'
        f"{''.join(parts)}</svg>\n"
    )
    return Drawing(width, height, text, sum(id_ in boxes.boxes for id_ in seen.ids))


def _frames(layout: Layout, boxes: Boxes) -> Iterator[str]:
    for id_, box in layout.frames.items():
        place = f'x="{box.x:.9g}" y="{box.y:.9g}" width="{box.width:.9g}" height="{box.height:.9g}"'
        name = xml(boxes.boxes[id_].label)
        yield f'<rect class="frame" {place} rx="12"/>'
        yield f'<text class="frame-name" x="{box.x + 14:.9g}" y="{box.y + 16:.9g}">{name}</text>\n'


def _edges(view: GraphView, layout: Layout) -> Iterator[str]:
    parameters = {parameter.id for parameter in view.parameters}
    for (source, _), route in layout.routes.items():
        kind = "edge of-param" if source in parameters else "edge"
        yield f'<path class="{kind}" d="{_path(route, layout.direction)}"/>'
        yield f'<path class="arrow" d="{_head(route[-1], layout.direction)}"/>\n'


def _vertices(layout: Layout, vertices: Sequence[Shape]) -> Iterator[str]:
    for shape in vertices:
        box = layout.boxes[shape.id]
        yield (
            f'<g class="vertex {shape.kind}" transform="translate({box.x:.9g} {box.y:.9g})">'
            f"<title>{xml(shape.label)}</title>{shape.body}</g>\n"
        )


def _path(route: tuple[Point, ...], direction: Direction) -> str:
    """Return a line that leaves and reaches boxes at right angles, curved only between layers."""
    down = direction == "down"
    *points, (last_x, last_y) = route
    points.append((last_x, last_y - ARROW) if down else (last_x - ARROW, last_y))
    drawn = [f"M{points[0][0]:.9g} {points[0][1]:.9g}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if (x == to_x) if down else (y == to_y):
            straight = f"V{to_y:.9g}" if down else f"H{to_x:.9g}"
            if drawn[-1][0] == straight[0]:
                drawn.pop()
            drawn.append(straight)
        elif down:
            drawn.append(
                f"C{x:.9g} {(y + to_y) / 2:.9g} {to_x:.9g} {(y + to_y) / 2:.9g} {to_x:.9g} {to_y:.9g}"
            )
        else:
            drawn.append(
                f"C{(x + to_x) / 2:.9g} {y:.9g} {(x + to_x) / 2:.9g} {to_y:.9g} {to_x:.9g} {to_y:.9g}"
            )
    return "".join(drawn)


def _head(point: Point, direction: Direction) -> str:
    """Return an arrow's head; no marker, which would need an id that is the only one of its page."""
    x, y = point
    if direction == "down":
        return f"M{x - 2.6:.9g} {y - ARROW:.9g}H{x + 2.6:.9g}L{x:.9g} {y:.9g}Z"
    return f"M{x - ARROW:.9g} {y - 2.6:.9g}V{y + 2.6:.9g}L{x:.9g} {y:.9g}Z"
