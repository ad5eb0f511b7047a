"""What nodes print and log: it goes where it went, and the beginning and end of it are kept with the node's run."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import contextmanager
from threading import get_ident
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

KEPT_CHARACTERS = 16_384
"""Of what a node prints so much is kept of the beginning, and so much of the end."""

Said = tuple[float, str, str]
"""Seconds since the node began, ``out`` or ``err``, text."""


class NodeLog:
    """What one node has said so far."""

    __slots__ = ("_began", "_head", "_head_room", "_left_out", "_tail", "_tail_size")

    def __init__(self) -> None:
        self._began = perf_counter()
        self._head: list[Said] = []
        self._head_room = KEPT_CHARACTERS
        self._tail: deque[Said] = deque()
        self._tail_size = 0
        self._left_out = 0

    @property
    def age_s(self) -> float:
        """Seconds since the node began."""
        return perf_counter() - self._began

    def add(self, stream: str, text: str) -> None:
        """Keep a text, or as much of it as there is room for."""
        at = round(self.age_s, 4)
        if self._head_room > 0:
            begin, text = text[: self._head_room], text[self._head_room :]
            self._head_room -= len(begin)
            self._head.append((at, stream, begin))
        if text:
            self._left_out += max(0, len(text) - KEPT_CHARACTERS)
            text = text[-KEPT_CHARACTERS:]
            self._tail.append((at, stream, text))
            self._tail_size += len(text)
            while self._tail_size > KEPT_CHARACTERS and len(self._tail) > 1:
                gone = len(self._tail.popleft()[2])
                self._tail_size -= gone
                self._left_out += gone

    def said(self) -> tuple[Said, ...]:
        """Return what was said, a piece for what came from one stream without a pause."""
        middle = []
        if self._left_out:
            middle = [
                (self._tail[0][0], "err", f"\n... {self._left_out:,} characters are left out here ...\n")
            ]
        found: list[Said] = []
        for at, stream, text in (*self._head, *middle, *self._tail):
            if found and found[-1][1] == stream and not found[-1][2].endswith("\n"):
                found[-1] = (found[-1][0], stream, found[-1][2] + text)
            else:
                found.append((at, stream, text))
        return tuple(found)


class Capture:
    """Knows which node speaks in which thread, and listens to stdout and stderr while a run lasts."""

    def __init__(self) -> None:
        self._speaking: dict[int, NodeLog] = {}
        self._by_node: dict[str, NodeLog] = {}
        self._listener = 0

    @contextmanager
    def of_node(self, node: str) -> Iterator[NodeLog]:
        """Give the log of a node that runs in this thread for as long as the block lasts."""
        thread, log = get_ident(), NodeLog()
        self._speaking[thread] = self._by_node[node] = log
        ended = True
        try:
            yield log
        except KeyboardInterrupt:
            ended = False
            raise
        finally:
            del self._speaking[thread]
            if ended:
                del self._by_node[node]

    def begin(self, node: str, log: NodeLog) -> None:
        """Take note of a node that runs in another process, until `end`."""
        self._by_node[node] = log

    def end(self, node: str) -> None:
        """Forget a node that has come to its end."""
        self._by_node.pop(node, None)

    @contextmanager
    def on_behalf_of(self, log: NodeLog) -> Iterator[None]:
        """Have what this thread writes kept in the log of a node that runs elsewhere."""
        thread = get_ident()
        self._speaking[thread] = log
        try:
            yield
        finally:
            del self._speaking[thread]

    def cut_off(self, node: str) -> tuple[float, tuple[Said, ...]]:
        """Return how long a node has run that did not come to its end, and what it has said; 0 if none has."""
        log = self._by_node.get(node)
        return (log.age_s, log.said()) if log is not None else (0.0, ())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what is written to stdout and stderr, by handlers of logging that hold them too."""
        self._listener = get_ident()
        before = sys.stdout, sys.stderr
        heard = [_Heard(*each, self) for each in zip(before, ("out", "err"), strict=True)]
        sys.stdout, sys.stderr = cast("TextIO", heard[0]), cast("TextIO", heard[1])
        held = list(_handlers(before))
        for handler in held:
            handler.stream = heard[handler.stream is before[1]]
        try:
            yield
        finally:
            for handler in held:
                if handler.stream in heard:
                    handler.stream = before[handler.stream is heard[1]]
            for name, ours in zip(("stdout", "stderr"), heard, strict=True):
                ours.close_ears()
                if getattr(sys, name) is ours:
                    setattr(sys, name, ours.below())

    def speaks(self, thread: int) -> bool:
        """Tell whether a node of this run runs in a thread."""
        return thread in self._speaking

    def hear(self, stream: str, text: str) -> None:
        """Keep a text with the node that speaks in this thread; of a thread that a node started, with the only node."""
        thread = get_ident()
        log = self._speaking.get(thread)
        if log is None and thread != self._listener and len(self._speaking) == 1:
            log = next(iter(self._speaking.values()), None)
        if log is not None and text:
            log.add(stream, text)


class _Heard:
    """A text stream that somebody listens to; runs at the same time have one on top of the other."""

    def __init__(self, stream: Any, name: str, capture: Capture) -> None:
        self._stream = stream
        self._name = name
        self._capture: Capture | None = capture

    def write(self, text: str) -> int:
        listening = [each for each in self._layers() if each._capture is not None]
        thread = get_ident()
        own = [each for each in listening if each._capture is not None and each._capture.speaks(thread)]
        for each in (own or listening)[:1]:
            if each._capture is not None:
                each._capture.hear(self._name, text)
        written: int = self._base().write(text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def close_ears(self) -> None:
        """Listen no more: whoever still holds this writes through it."""
        self._capture = None

    def below(self) -> Any:
        """Return what this was put on, without those that listen no more."""
        found = self._stream
        while isinstance(found, _Heard) and found._capture is None:
            found = found._stream
        return found

    def _layers(self) -> Iterator[_Heard]:
        layer: Any = self
        while isinstance(layer, _Heard):
            yield layer
            layer = layer._stream

    def _base(self) -> Any:
        return next(layer._stream for layer in self._layers() if not isinstance(layer._stream, _Heard))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _handlers(streams: tuple[IO[str], IO[str]]) -> Iterator[Any]:
    """Yield the handlers of logging that hold one of these streams: they found it when they were made."""
    logging = sys.modules.get("logging")
    if logging is None:
        return
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            if any(getattr(handler, "stream", None) is stream for stream in streams):
                yield handler
