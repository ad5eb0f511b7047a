"""Keeping values: what is worth it, and writing it behind the run."""

from __future__ import annotations

import os
from collections import deque
from itertools import count
from threading import Condition, Thread
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.store.kept import Kept, tell
from mlflow_tmpl.store.packing import Allowance, Unfit, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.store.kept import KeptValues
    from mlflow_tmpl.store.packing import Packed, Piece, Snapshot

WORTH_S = 0.1
"""What is made in less is not looked at: a file and two rows take some milliseconds, whatever they hold."""

FIXED_S = 0.005
"""What writing or reading any value takes, however small."""

SHARE = 0.03
"""Largest share of the time that making a value takes for which the run may wait while it is packed."""

LAST_S = 0.5
LAST_SHARE = 0.03
"""For so long at most, or this share of its time, a run waits at its end for what is on its way to the disk."""

MAX_BYTES = 5 << 30
FREE_SHARE = 0.1
"""Kept values take at most 5 GB, and at most this share of what is free on the disk."""

_QUEUE_BYTES = 512 << 20
_CHUNK_BYTES = 4 << 20
_DAY_S = 86400.0


@dataclass(slots=True)
class Speed:
    """How fast values are written and read, in bytes a second; as guessed until it is measured."""

    write: float = 250e6
    read: float = 500e6

    def affordable(self, seconds: float) -> float:
        """Return how large a value may be that is made in some time: twice writing and reading it takes less."""
        return (seconds / 2 - 2 * FIXED_S) / (1 / self.write + 1 / self.read)

    def measured(self, size: int, seconds: float) -> None:
        """Take note of a write; what is too small tells nothing. Reading is as fast at least."""
        if size >= _CHUNK_BYTES:
            self.write = (self.write + size / max(seconds, 1e-6)) / 2
            self.read = 2 * self.write


@dataclass(frozen=True, slots=True)
class Bundle:
    """Values of one node, to be kept together so that they always stem from one call.

    Attributes:
        values: name to its picture.
        seconds: how long making them again takes.
        asked: whether they are kept whatever it costs.
    """

    values: Mapping[str, Snapshot]
    seconds: float
    asked: bool

    @property
    def bytes(self) -> int:
        """About how much they take."""
        return sum(each.bytes for each in self.values.values())


@dataclass(frozen=True, slots=True)
class Appraiser:
    """Tells what is worth keeping, where a value is made: it can go to where that is.

    Attributes:
        speed: of writing and reading.
    """

    speed: Speed

    def is_worth(self, modes: Mapping[str, str], seconds: float) -> bool:
        """Tell whether to look at values that are made in some time."""
        return seconds >= WORTH_S or "always" in modes.values()

    def offer(self, values: Mapping[str, Any], modes: Mapping[str, str], seconds: float) -> Bundle | None:
        """Take pictures of the values of one node, if they are worth it.

        Args:
            values: name to value, before anyone takes them.
            modes: name to ``auto``, ``always`` or ``never``.
            seconds: how long making them again takes, with all that they are made from and that is not kept.

        Returns:
            What `keep` takes; ``None`` if it is not worth it.

        Raises:
            Unfit: something that was to be kept ``always`` cannot be.
        """
        wanted = [name for name in values if modes[name] != "never"]
        asked = any(modes[name] == "always" for name in wanted)
        if not wanted or not self.is_worth(modes, seconds):
            return None
        until = perf_counter() + (float("inf") if asked else SHARE * seconds)
        allowance = Allowance(float("inf") if asked else self.speed.affordable(seconds), until, asked)
        taken: dict[str, Snapshot] = {}
        try:
            for name in wanted:
                taken[name] = snapshot(values[name], allowance)
                allowance.bytes -= taken[name].bytes
        except Unfit as why:
            if asked:
                raise
            tell("value %r is not kept: %s", name, why)
            return None
        return Bundle(taken, seconds, asked)


class Keeper:
    """Writes values into the store while the run goes on.

    Args:
        kept: what there is already.
        max_bytes: how much may be kept; 5 GB or a tenth of the free disk unless given.

    Attributes:
        kept: what there is.
        appraiser: tells what of a node's values is worth it.
    """

    def __init__(self, kept: KeptValues, max_bytes: int | None = None) -> None:
        self.kept = kept
        self._max_bytes = max_bytes
        self._speed = Speed()
        self.appraiser = Appraiser(self._speed)
        self._behind = _Behind(_queue_bytes())
        self._since = perf_counter()

    def keep(self, fingerprints: Mapping[str, str], bundle: Bundle | None) -> bool:
        """Keep values, in the place of what was kept before under their fingerprints.

        Args:
            fingerprints: name to fingerprint, of all values that a node has given.
            bundle: what is worth keeping of them.

        Returns:
            Whether they are on their way.
        """
        old = [each for each in fingerprints.values() if each in self.kept.rows]
        if old:
            self.kept.forget(old)
        if bundle is None:
            return False
        queued = self._behind.add(bundle.bytes, lambda: self._write(fingerprints, bundle), wait=bundle.asked)
        if not queued:
            tell("values %s are not kept: too much is on its way", ", ".join(bundle.values))
        return queued

    def close(self) -> None:
        """Write what is on its way, as far as the run may be held up; what is to be kept ``always`` is waited for."""
        self._behind.close(max(LAST_S, LAST_SHARE * (perf_counter() - self._since)))
        self.kept.note_use()

    def _write(self, fingerprints: Mapping[str, str], bundle: Bundle) -> None:
        start = perf_counter()
        packed = {name: each.pack() for name, each in bundle.values.items()}
        size = sum(memoryview(piece).nbytes for each in packed.values() for piece in each.pieces)
        if not bundle.asked and size > self._speed.affordable(bundle.seconds):
            tell("values %s are not kept: they grew to %d bytes", ", ".join(packed), size)
            return
        if not self._make_room(size, bundle.seconds):
            tell("values %s are not kept: no room for %d bytes", ", ".join(packed), size)
            return
        rows = [self._row(fingerprints[name], each, bundle.seconds) for name, each in packed.items()]
        self.kept.index.add(rows)
        self.kept.rows.update({row.fingerprint: row for row in rows})
        self._speed.measured(size, perf_counter() - start)

    def _row(self, fingerprint: str, packed: Packed, seconds: float) -> Kept:
        size = sum(memoryview(piece).nbytes for piece in packed.pieces)
        digest = self.kept.store.put_bytes(self._behind.chunks(packed))
        return Kept(fingerprint, digest, packed.format, size, seconds, time(), time())

    def _make_room(self, size: int, seconds: float) -> bool:
        """Let go of what is worth less until there is room; nothing is, if that is not enough."""
        most = self._max_bytes
        if most is None:
            most = min(MAX_BYTES, int(_free_bytes(self.kept.store.root) * FREE_SHARE))
        rows = list(self.kept.rows.values())
        missing = sum(row.bytes for row in rows) + size - most
        if missing <= 0:
            return True
        if size > most:
            return False
        now, own, gone = time(), seconds / size, list[Kept]()
        for group in sorted(_together(rows), key=lambda group: _value(group, now)):
            if missing <= 0 or _value(group, now) >= own:
                break
            gone += group
            missing -= sum(row.bytes for row in group)
        if missing > 0:
            return False
        self.kept.forget([row.fingerprint for row in gone])
        return True


class _Abandoned(Exception):
    """The run has ended, and its time for writing."""


class _Behind:
    """Does jobs one after the other in a thread, as long as what they hold in memory is not too much."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._jobs: deque[tuple[int, Callable[[], object], bool]] = deque()
        self._bytes = 0
        self._state = Condition()
        self._thread: Thread | None = None
        self._over = False

    def add(self, size: int, job: Callable[[], object], *, wait: bool) -> bool:
        """Queue a job; tell whether there is room for it. One that is waited for always has room."""
        with self._state:
            if self._over or (self._bytes + size > self._most and not wait):
                return False
            self._jobs.append((size, job, wait))
            self._bytes += size
            self._state.notify_all()
            if self._thread is None:
                self._thread = Thread(target=self._work, name="mlo-keep", daemon=True)
                self._thread.start()
        return True

    def chunks(self, packed: Packed) -> Iterator[Piece]:
        """Yield what a value consists of, as long as there is time."""
        for piece in packed.pieces:
            view = memoryview(piece).cast("B")
            for start in count(0, _CHUNK_BYTES):
                if start >= len(view):
                    break
                if self._over:
                    raise _Abandoned
                yield view[start : start + _CHUNK_BYTES]

    def close(self, seconds: float) -> None:
        """Wait for the jobs, some time at most; longer for those that are to be waited for."""
        if self._thread is None:
            return
        until = perf_counter() + seconds
        with self._state:
            while self._jobs:
                asked = any(wait for _, _, wait in self._jobs)
                if not self._state.wait(None if asked else max(0.0, until - perf_counter())) and not asked:
                    break
            self._over = True
            self._jobs.clear()
            self._state.notify_all()
        self._thread.join(1.0)

    def _work(self) -> None:
        while True:
            with self._state:
                while not self._jobs and not self._over:
                    self._state.wait()
                if self._over:
                    return
                size, job, _ = self._jobs[0]
            try:
                job()
            except _Abandoned:
                tell("a value is not kept: the run has ended")
            except Exception as error:  # noqa: BLE001 (a full disk, a type nobody foresaw: the run does not depend on it)
                tell("a value is not kept: %s: %s", type(error).__name__, error)
            with self._state:
                del job
                if self._jobs:  # emptied meanwhile if the run has ended
                    self._jobs.popleft()
                self._bytes -= size
                self._state.notify_all()


def _together(rows: Iterable[Kept]) -> list[list[Kept]]:
    """Return the values of each node, which come and go together."""
    groups: dict[str, list[Kept]] = {}
    for row in rows:
        groups.setdefault(row.fingerprint.rpartition("/")[0], []).append(row)
    return list(groups.values())


def _value(group: Sequence[Kept], now: float) -> float:
    """Return the seconds that a byte saves, less the longer nobody has read it."""
    size, used_at = sum(row.bytes for row in group), max(row.used_at for row in group)
    return group[0].seconds / max(size, 1) / (1 + max(0.0, now - used_at) / _DAY_S)


def _free_bytes(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    import shutil

    return shutil.disk_usage(folder).free


def _queue_bytes() -> int:
    """Return how much memory values may take that are on their way: an eighth of the machine's, 512 MB if unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8
    except (AttributeError, ValueError, OSError):
        return _QUEUE_BYTES
