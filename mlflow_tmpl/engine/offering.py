"""What the engine has to do with keeping values: the time that a kept value saves, and where it is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow_tmpl.store.keeping import Appraiser, Bundle


@dataclass(frozen=True, slots=True)
class Offering:
    """What a task needs to know to offer the values that it makes.

    Attributes:
        appraiser: tells whether that is worth it.
        modes: output to ``auto``, ``always`` or ``never``.
        above_s: how long it takes to make what the node takes in memory.
    """

    appraiser: Appraiser
    modes: Mapping[str, str]
    above_s: float

    def offer(self, values: Mapping[str, Any], seconds: float) -> tuple[Bundle | None, str]:
        """Return the values as they are now, or why what was to be kept cannot be."""
        seconds += self.above_s
        if not self.appraiser.is_worth(self.modes, seconds):
            return None, ""
        from mlflow_tmpl.store.packing import Unfit

        made = {name: values[name] for name in self.modes}
        try:
            return self.appraiser.offer(made, self.modes, seconds), ""
        except Unfit as why:
            return None, str(why)


class Costs:
    """How long it would take to make values again, with all in memory that they are made from and that is not kept.

    The time for a value that several nodes take is shared among them: so it is counted once where their ways come
    together again, and the whole is linear in nodes and edges.

    Args:
        demands: for each node the nodes that give it values in memory.
    """

    def __init__(self, demands: Sequence[Iterable[int]]) -> None:
        self._demands = demands
        self._takers: dict[int, int] = {}
        for makers in demands:
            for maker in makers:
                self._takers[maker] = self._takers.get(maker, 0) + 1
        self._seconds: dict[int, float] = {}

    def above(self, position: int) -> float:
        """Return the seconds that it takes to make what a node takes in memory; what was kept costs nothing."""
        return sum(
            self._seconds.get(maker, 0.0) / self._takers.get(maker, 1) for maker in self._demands[position]
        )

    def ran(self, position: int, seconds: float, *, kept: bool) -> None:
        """Take note of a node that ran, and whether its values are kept."""
        self._seconds[position] = 0.0 if kept else seconds + self.above(position)
