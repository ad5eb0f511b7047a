"""What came of a sweep: of one run for each of several values of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.engine.result import RunResult


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a sweep.

    Attributes:
        params: swept parameter to the value that it has here.
        result: what came of the run.
    """

    params: Mapping[str, Any]
    result: RunResult


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of a sweep.

    Attributes:
        id: of the run that stands for all of it.
        status: ``done`` or ``failed``.
        points: its runs, in the order in which they ran.
        duration_s: how long it took.
    """

    id: str
    status: str
    points: tuple[Point, ...]
    duration_s: float

    @property
    def failed(self) -> list[RunResult]:
        """What came of the points that failed."""
        return [point.result for point in self.points if point.result.status == "failed"]

    def __getitem__(self, number: int) -> RunResult:
        """Return the result of one point.

        Example: ``sweep[-1]["metrics"]``. Outputs that are saved are those of the last point, whichever is asked.
        """
        return self.points[number].result
