"""Frames: what lies in which box, and where edges cross the borders."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Wire(NamedTuple):
    """A piece of an edge, within one frame.

    Attributes:
        source, target: numbers of vertices.
        leaves, arrives: the port that it ends at, where its end is a frame; else empty.
    """

    source: int
    target: int
    leaves: str = ""
    arrives: str = ""


NO_WIRE = Wire(-1, -1)


@dataclass(slots=True)
class Frame:
    """A box, and the small graph that is laid out in it.

    Attributes:
        name: empty for the drawing as a whole.
        names: of its vertices by number: vertices of the graph, frames and ports.
        numbers: the same the other way round.
        frames: of them, those that are frames.
        wires: what is to be drawn.
        entries, exits: numbers of the ports on its border. What comes from one source shares a port.
        backward: wires of a circle of frames, which no order of layers can lead forward.
    """

    name: str
    names: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    wires: dict[Wire, None] = field(default_factory=dict)
    entries: dict[int, None] = field(default_factory=dict)
    exits: dict[int, None] = field(default_factory=dict)
    backward: set[Wire] = field(default_factory=set)

    def add(self, name: str) -> int:
        """Return the number of a vertex, which it gets if it has none."""
        if name not in self.numbers:
            self.numbers[name] = len(self.names)
            self.names.append(name)
        return self.numbers[name]

    def enter(self, source: str) -> int:
        """Return the number of the port where what comes from a source enters."""
        number = self.add(entry(source))
        self.entries[number] = None
        return number

    def leave(self, source: str) -> int:
        """Return the number of the port where what comes from a source leaves."""
        number = self.add(leaving(source))
        self.exits[number] = None
        return number


@dataclass(frozen=True, slots=True)
class Course:
    """An edge, and its pieces from frame to frame.

    Attributes:
        source, target: ids of vertices.
        pieces: name of a frame, and the wire in it.
    """

    source: str
    target: str
    pieces: tuple[tuple[str, Wire], ...]


def entry(source: str) -> str:
    """Name the port where what comes from a source enters a frame."""
    return f">{source}"


def leaving(source: str) -> str:
    """Name the port where what comes from a source leaves a frame."""
    return f"<{source}"


def frames_of(
    vertices: Iterable[str], edges: Sequence[tuple[str, str]], parents: Mapping[str, str]
) -> tuple[Frame, list[Course]]:
    """Return the drawing as frames within frames, and the course of each edge through them.

    Args:
        vertices: ids, in the order in which they are added.
        edges: source and target.
        parents: the frame of each vertex and frame that lies in one.
    """
    root = Frame("")
    frames = {"": root}
    for vertex in vertices:
        _frame(parents.get(vertex, ""), parents, frames).add(vertex)
    courses = [_course(source, target, parents, frames) for source, target in edges]
    for frame in frames.values():
        frame.backward = _backward(frame)
    return root, courses


def _frame(name: str, parents: Mapping[str, str], frames: dict[str, Frame]) -> Frame:
    if name not in frames:
        around = _frame(parents.get(name, ""), parents, frames)
        around.add(name)
        frames[name] = around.frames[name] = Frame(name)
    return frames[name]


def _around(vertex: str, parents: Mapping[str, str]) -> list[str]:
    """Return a vertex and the frames around it, the drawing last."""
    path = [vertex]
    while path[-1]:
        path.append(parents.get(path[-1], ""))
    return path


def _course(source: str, target: str, parents: Mapping[str, str], frames: Mapping[str, Frame]) -> Course:
    out, into = _around(source, parents), _around(target, parents)
    while len(out) > 2 and len(into) > 2 and out[-2] == into[-2]:
        out.pop()
        into.pop()
    pieces = []
    start, leaves = out[0], ""
    for name in out[1:-1]:
        frame = frames[name]
        pieces.append((name, Wire(frame.numbers[start], frame.leave(source), leaves)))
        start, leaves = name, leaving(source)
    end, arrives = into[0], ""
    inward = []
    for name in into[1:-1]:
        frame = frames[name]
        inward.append((name, Wire(frame.enter(source), frame.numbers[end], "", arrives)))
        end, arrives = name, entry(source)
    common = frames[out[-1]]
    pieces.append((out[-1], Wire(common.numbers[start], common.numbers[end], leaves, arrives)))
    pieces += reversed(inward)
    for name, wire in pieces:
        frames[name].wires[wire] = None
    return Course(source, target, tuple(pieces))


def _backward(frame: Frame) -> set[Wire]:
    """Return the wires that close a circle, met depth first; only boxes can make one, open or closed."""
    after: dict[int, list[Wire]] = {}
    for wire in frame.wires:
        after.setdefault(wire.source, []).append(wire)
    found: set[Wire] = set()
    done: set[int] = set()
    for root in range(len(frame.names)):
        open_now: set[int] = set()
        stack = [(root, iter(after.get(root, ())))] if root not in done else []
        open_now.update([root] if stack else [])
        while stack:
            vertex, wires = stack[-1]
            wire = next(wires, NO_WIRE)
            if wire is NO_WIRE:
                done.add(vertex)
                open_now.discard(vertex)
                stack.pop()
            elif wire.target in open_now:
                found.add(wire)
            elif wire.target not in done:
                open_now.add(wire.target)
                stack.append((wire.target, iter(after.get(wire.target, ()))))
    return found
