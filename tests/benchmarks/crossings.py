"""How often edges cross in our layout, and in that of graphviz's ``dot``, on graphs made to look like pipelines."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING

from mlflow_tmpl.views.layout import lay_out
from tests.benchmarks.measure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = (20, 35, 50, 70, 90, 120, 150, 190, 240, 300)
STEPS = 6
"""Straight pieces that a curve of dot's is taken for."""


def pipeline_like(count: int, seed: int) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]:
    """Return sizes and edges of nodes that mostly take what was made shortly before, and of what they take and make."""
    dice = random.Random(seed)
    sizes: dict[str, tuple[float, float]] = {}
    edges: list[tuple[str, str]] = []
    made: list[str] = []
    while len(sizes) < count:
        node = f"n{len(sizes)}"
        sizes[node] = (dice.randint(80, 180), 46.0)
        for _ in range(dice.choice((1, 1, 2, 2, 3))):
            if not made or dice.random() < 0.1:
                made.append(f"d{len(sizes)}")
                sizes[made[-1]] = (dice.randint(60, 160), 30.0)
            edges.append((made[-1 - min(int(dice.expovariate(0.25)), len(made) - 1)], node))
        if dice.random() < 0.25:
            sizes[f"p{len(sizes)}"] = (dice.randint(60, 120), 24.0)
            edges.append((next(reversed(sizes)), node))
        for _ in range(dice.choice((1, 1, 1, 2))):
            made.append(f"d{len(sizes)}")
            sizes[made[-1]] = (dice.randint(60, 160), 30.0)
            edges.append((node, made[-1]))
    return sizes, list(dict.fromkeys(edges))


Point = tuple[float, float]
Line = tuple[tuple[str, str], Point, Point]


def ours(
    sizes: dict[str, tuple[float, float]], edges: list[tuple[str, str]]
) -> tuple[list[Line], list[Line]]:
    """Return the lines of our layout as they are drawn, where edges share a line, and edge by edge."""
    routes = lay_out(sizes, edges, "down").routes
    each = [(edge, *piece) for edge, route in routes.items() for piece in pairwise(route)]
    drawn = {(edge[0], *piece): (edge, *piece) for edge, *piece in each}
    return list(drawn.values()), each


def dots(sizes: dict[str, tuple[float, float]], edges: list[tuple[str, str]]) -> list[Line]:
    """Return the lines of dot's layout."""
    told = "".join(
        [f'"{name}" [width={width / 72}, height={height / 72}];' for name, (width, height) in sizes.items()]
        + [f'"{source}" -> "{target}";' for source, target in edges]
    )
    text = f'digraph {{ node [shape=box, fixedsize=true, label=""]; ranksep=0.5; nodesep=0.3; {told} }}'
    done = subprocess.run(["dot", "-Tjson"], input=text, capture_output=True, text=True, check=True)
    drawing = json.loads(done.stdout)
    names = {each["_gvid"]: each["name"] for each in drawing["objects"]}
    lines = []
    for edge in drawing["edges"]:
        (curve,) = [each["points"] for each in edge["_draw_"] if each["op"] == "b"]
        points = [tuple(curve[0])]
        for at in range(0, len(curve) - 1, 3):
            points += [_bezier(curve[at : at + 4], step / STEPS) for step in range(1, STEPS + 1)]
        lines += [((names[edge["tail"]], names[edge["head"]]), *piece) for piece in pairwise(points)]
    return lines


def _bezier(points: list[list[float]], at: float) -> Point:
    weights = ((1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3)
    x, y = (
        sum([weight * point[axis] for weight, point in zip(weights, points, strict=True)]) for axis in (0, 1)
    )
    return x, y


def crossings(lines: list[Line]) -> int:
    """Count the pairs of lines that cross, of edges that have no end in common."""
    lines = sorted(lines, key=lambda line: min(line[1][1], line[2][1]))
    count = 0
    open_now: list[Line] = []
    for line in lines:
        top = min(line[1][1], line[2][1])
        open_now = [each for each in open_now if max(each[1][1], each[2][1]) >= top]
        count += sum([_cross(line, each) for each in open_now])
        open_now.append(line)
    return count


def _cross(one: Line, two: Line) -> bool:
    if set(one[0]) & set(two[0]):
        return False
    (_, a, b), (_, c, d) = one, two
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def figures(_: Path) -> Iterator[Figure]:
    """Yield how many more crossings there are than in dot's layout, in all and in the worst drawing."""
    if shutil.which("dot") is None:
        return
    drawn, each, theirs, worst = 0, 0, 0, 0.0
    for seed, count in enumerate(SIZES):
        sizes, edges = pipeline_like(count, seed)
        lines, single = ours(sizes, edges)
        found, wanted = crossings(lines), crossings(dots(sizes, edges))
        drawn, each, theirs = drawn + found, each + crossings(single), theirs + wanted
        worst = max(worst, found / max(wanted, 1))
    note = f"{drawn} against {theirs}"
    yield Figure("crossings, ten graphs of 20 to 300 vertices, all", drawn / theirs, "x dot", 1.2, note)
    yield Figure("crossings, edges that share a line counted one by one", each / theirs, "x dot", 1.2)
    yield Figure("crossings, the worst of the ten graphs", worst, "x dot", 1.2)
