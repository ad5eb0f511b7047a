"""Places across the layers: in line with the neighbours, in the given order, and never on top of each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from mlflow_tmpl.views.layers import Link
from mlflow_tmpl.views.ordering import LARGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlflow_tmpl.views.layers import Layers

    Spot = tuple[Sequence[int], Sequence[float], int]
    """The layer of a vertex, how far from the first one each has to be, and which one it is."""

GAP = 22.0
"""Between two boxes of a layer."""
BEND_GAP = 14.0
"""Between an edge that passes and what is beside it."""
TURNS, TURNS_IF_LARGE = 12, 6
"""Sweeps over all layers; the last third looks both up and down."""
ROUNDS = 3
"""Of straightening: what moves makes room for what could not."""
STIFF, LOOSE = 6.0, 0.1
"""How strongly a bend keeps in line, and how weakly what only one node takes pulls at it: chains run straight."""
NO_LINK = Link(-1, 0.0, 0.0)


def align(layers: Layers, widths: Sequence[float]) -> list[float]:
    """Return the middle of every vertex, bends included.

    Args:
        layers: what lies in which layer, in order.
        widths: of each vertex that is not a bend.
    """
    x = [0.0] * len(layers.up)
    reach = [width / 2 for width in widths] + [0.0] * (len(x) - len(widths))
    rows = [(row, _offsets(row, reach, layers.real)) for row in layers.rows]
    for row, offsets in rows:
        for vertex, offset in zip(row, offsets, strict=True):
            x[vertex] = offset - offsets[-1] / 2
    pull = _pulls(layers)
    turns = TURNS if len(x) <= LARGE else TURNS_IF_LARGE
    both = [up + down for up, down in zip(layers.up, layers.down, strict=True)]
    for turn in range(turns):
        downwards = turn % 2 == 0
        near = both if turn >= turns * 2 // 3 else layers.up if downwards else layers.down
        for row, offsets in rows if downwards else reversed(rows):
            wanted = [_wanted(vertex, near[vertex], x, pull) for vertex in row]
            places = _nearest(wanted, [pull[vertex] for vertex in row], offsets)
            for vertex, middle in zip(row, places, strict=True):
                x[vertex] = middle
    spot = {vertex: (row, offsets, at) for row, offsets in rows for at, vertex in enumerate(row)}
    for _ in range(ROUNDS):
        _straighten_chains(layers, spot, pull, x)
        _straighten_bends(layers, spot, x)
    return x


def _offsets(row: Sequence[int], reach: Sequence[float], real: int) -> list[float]:
    """Return how far from the first vertex of a layer each one has to be at least."""
    offsets = [0.0]
    for left, right in pairwise(row):
        gap = GAP if left < real and right < real else BEND_GAP
        offsets.append(offsets[-1] + reach[left] + gap + reach[right])
    return offsets


def _pulls(layers: Layers) -> list[float]:
    """Return how much each vertex counts where others are put in line with it."""
    return [
        STIFF
        if vertex >= layers.real
        else 1.0
        if layers.up[vertex] or len(layers.down[vertex]) > 1
        else LOOSE
        for vertex in range(len(layers.up))
    ]


def _wanted(vertex: int, near: Sequence[Link], x: Sequence[float], pull: Sequence[float]) -> float:
    if len(near) == 1:  # most are bends, whose one neighbour needs no mean
        return x[near[0].other] + near[0].shift
    total = weight = 0.0
    for other, _, shift in near:
        total += (x[other] + shift) * pull[other]
        weight += pull[other]
    return total / weight if near else x[vertex]


def _nearest(wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Return the places nearest to those wanted that keep their distances.

    By pooling adjacent violators (Ayer et al. 1955): linear, and the best there is in squares.
    """
    blocks: list[tuple[float, float, int]] = []
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, total, count = want - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, other_total, other_count = blocks.pop()
            mean = (mean * total + other * other_total) / (total + other_total)
            total, count = total + other_total, count + other_count
        blocks.append((mean, total, count))
    bases = [mean for mean, _, count in blocks for _ in range(count)]
    return [base + offset for base, offset in zip(bases, offsets, strict=True)]


def _straighten_chains(
    layers: Layers, spot: Mapping[int, Spot], pull: Sequence[float], x: list[float]
) -> None:
    """Put vertices that follow each other and nothing else in line, as far as their neighbours leave room."""
    after: dict[int, Link] = {}
    for vertex in range(layers.real):
        before = layers.up[vertex]
        main = [link for link in before if pull[link.other] > LOOSE] or before
        if len(main) == 1 and main[0].other < layers.real and len(layers.down[main[0].other]) == 1:
            after[main[0].other] = Link(vertex, 0.0, main[0].shift)
    inner = {link.other for link in after.values()}
    for start in after:
        if start in inner:
            continue
        piece: list[tuple[int, float]] = []
        low, high = float("-inf"), float("inf")
        vertex, shift = start, 0.0
        while vertex >= 0:
            left, right = _room(*spot[vertex], x)
            if piece and max(low, left - shift) > min(high, right - shift):
                _put_in_line(piece, low, high, x)
                piece, low, high, shift = [], float("-inf"), float("inf"), 0.0
            piece.append((vertex, shift))
            low, high = max(low, left - shift), min(high, right - shift)
            link = after.get(vertex, NO_LINK)
            vertex, shift = link.other, shift + link.shift
        _put_in_line(piece, low, high, x)


def _put_in_line(piece: Sequence[tuple[int, float]], low: float, high: float, x: list[float]) -> None:
    """Put a piece of a chain where its vertices stood on average."""
    middle = min(max(_mean([x[vertex] - shift for vertex, shift in piece]), low), high)
    for vertex, shift in piece:
        x[vertex] = middle + shift


def _straighten_bends(layers: Layers, spot: Mapping[int, Spot], x: list[float]) -> None:
    """Move the bends of each long edge into as few straight pieces as their neighbours leave room for."""
    for (source, leaves), chain in layers.chains.items():
        piece: list[int] = []
        low, high = float("-inf"), float("inf")
        aim = x[source] + leaves
        for bend in chain:
            left, right = _room(*spot[bend], x)
            if max(low, left) > min(high, right):
                aim = _settle(piece, low, high, aim, x)
                piece, low, high = [], float("-inf"), float("inf")
                left, right = _room(*spot[bend], x)
            piece.append(bend)
            low, high = max(low, left), min(high, right)
        _settle(piece, low, high, aim, x)


def _room(row: Sequence[int], offsets: Sequence[float], at: int, x: Sequence[float]) -> tuple[float, float]:
    left = x[row[at - 1]] + offsets[at] - offsets[at - 1] if at else float("-inf")
    right = x[row[at + 1]] - offsets[at + 1] + offsets[at] if at + 1 < len(row) else float("inf")
    return left, right


def _settle(piece: Sequence[int], low: float, high: float, aim: float, x: list[float]) -> float:
    """Put a straight piece in line with what comes before it, or else near where it was; return its place."""
    middle = aim if low <= aim <= high else min(max(_mean([x[bend] for bend in piece]), low), high)
    for bend in piece:
        x[bend] = middle
    return middle


def _mean(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value  # not sum(), which rounds otherwise from Python 3.12 on
    return total / len(values)
