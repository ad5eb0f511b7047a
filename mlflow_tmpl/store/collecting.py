"""Which objects a store can do without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

GRACE_S = 24 * 3600.0
"""How long an object stays that nobody has recorded: a run, or a pull, may be about to."""


UNUSED = -1.0
"""When a content was used last that only deleted runs have used."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """An object that can go.

    Attributes:
        digest: its name.
        size: in bytes.
        used_at: when it was used last, in seconds since the epoch.
        why: ``deleted``: only deleted runs used it; ``old``: used before what is to be kept; ``unknown``: nothing
            has recorded it; ``limit``: there is no room for it.
    """

    digest: str
    size: int
    used_at: float
    why: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept.

    Attributes:
        since: what was used at that time or later, in seconds since the epoch; ``-inf`` for all.
        max_bytes: what all objects may take; ``None`` for no limit.
        now: the present time.
    """

    since: float = float("-inf")
    max_bytes: int | None = None
    now: float = 0.0


def surplus(
    objects: Iterable[tuple[str, int, float]],
    used_at: Mapping[str, float],
    needed: Collection[str],
    wanted: Wanted,
) -> list[Surplus]:
    """Return the objects that can go, the one that was used longest ago first.

    Args:
        objects: hash, bytes and time of each.
        used_at: when each that is known was used last.
        needed: those that stay whatever their age.
        wanted: what else is to be kept.
    """
    every = list(objects)
    total = sum(size for _, size, _ in every)
    loose = [
        (used_at.get(digest, made_at), size, digest)
        for digest, size, made_at in every
        if digest not in needed
    ]
    found = []
    for at, size, digest in sorted(loose):
        why = _why(digest in used_at, at, total, wanted)
        if why:
            total -= size
            found.append(Surplus(digest, size, at, why))
    return found


def _why(known: bool, at: float, total: int, wanted: Wanted) -> str:
    if not known and at < wanted.now - GRACE_S:
        return "unknown"
    if known and at <= UNUSED:
        return "deleted"
    if known and at < wanted.since:
        return "old"
    too_much = wanted.max_bytes is not None and total > wanted.max_bytes
    return "limit" if too_much and (known or at < wanted.now - GRACE_S) else ""


def totals(found: Iterable[Surplus]) -> Iterator[tuple[str, int, int]]:
    """Yield each reason with the number of objects and their bytes."""
    counts: dict[str, list[int]] = {}
    for each in found:
        count = counts.setdefault(each.why, [0, 0])
        count[0] += 1
        count[1] += each.size
    yield from ((why, count, size) for why, (count, size) in counts.items())
