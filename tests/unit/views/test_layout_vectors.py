"""The drawings that the page and Python have in common: run as a program, this file writes them anew."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from mlflow_tmpl.views import layout as module
from mlflow_tmpl.views.layout import lay_out

FILE = Path(module.__file__).parent / "web" / "test" / "layout_vectors.json"
NEAR = 0.11


def cases():
    """Yield drawings: name, sizes, edges, direction, frames."""
    for count, seed, direction, framed in (
        (6, 1, None, False), (16, 2, "down", False), (30, 3, "right", False),
        (45, 4, None, True), (30, 5, "down", True), (24, 6, "right", True),
    ):  # fmt: skip
        dice = random.Random(seed)
        names = [f"v{at}" for at in range(count)]
        sizes = {name: (dice.randint(60, 200), dice.choice([30, 46])) for name in names}
        reach = [
            (at, at + 1 + min(int(dice.expovariate(0.3)), count - at - 2))
            for at in range(count - 1)
            for _ in "ab"
        ]
        edges = list(dict.fromkeys((names[one], names[two]) for one, two in reach))
        parents = {name: f"box{at * 4 // count}" for at, name in enumerate(names) if dice.random() < 0.8}
        parents |= {"box1": "box0", "box3": "box2"}
        yield (
            f"{count} vertices{' in boxes' if framed else ''}",
            sizes,
            edges,
            direction,
            parents if framed else {},
        )


def told(layout):
    """Return a layout as plain data."""
    corners = {
        kind: {name: [box.x, box.y, box.width, box.height] for name, box in places.items()}
        for kind, places in (("boxes", layout.boxes), ("frames", layout.frames))
    }
    routes = [
        [source, target, [list(point) for point in route]]
        for (source, target), route in layout.routes.items()
    ]
    return {
        "width": layout.width,
        "height": layout.height,
        "direction": layout.direction,
        **corners,
        "routes": routes,
    }


def vectors():
    return [
        {"name": name, "direction": direction, "sizes": [[key, *size] for key, size in sizes.items()], "edges": edges,
         "parents": parents, "layout": told(lay_out(sizes, edges, direction, parents))}
        for name, sizes, edges, direction, parents in cases()
    ]  # fmt: skip


@pytest.mark.parametrize(
    "vector", json.loads(FILE.read_text(encoding="utf-8")), ids=lambda vector: vector["name"]
)
def test_python_draws_what_the_page_draws(vector):
    sizes = {name: (width, height) for name, width, height in vector["sizes"]}
    now = told(
        lay_out(sizes, [tuple(edge) for edge in vector["edges"]], vector["direction"], vector["parents"])
    )
    wanted = vector["layout"]
    assert now["direction"] == wanted["direction"]
    for kind in ("boxes", "frames"):
        assert now[kind].keys() == wanted[kind].keys()
        for name, corner in wanted[kind].items():
            assert now[kind][name] == pytest.approx(corner, abs=NEAR)
    for (source, target, route), (other_source, other_target, other) in zip(
        now["routes"], wanted["routes"], strict=True
    ):
        assert (source, target) == (other_source, other_target)
        assert [value for point in route for value in point] == pytest.approx(
            [v for p in other for v in p], abs=NEAR
        )


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), separators=(",", ":")) + "\n", encoding="utf-8")
