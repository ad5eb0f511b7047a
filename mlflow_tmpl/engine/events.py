"""What happens in a run. The ledger, the progress display and the logs listen; the engine prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.engine.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.engine.capture import Said
    from mlflow_tmpl.engine.failure import NodeFailure
    from mlflow_tmpl.engine.task import Outcome
    from mlflow_tmpl.planning import Parts, Plan, Step


@dataclass(frozen=True, slots=True)
class RunWaits:
    """A run waits before it begins, as another one writes what it would write.

    Attributes:
        holder: the other one: its id, process and since when.
        dataset: an output that both write.
    """

    holder: str
    dataset: str


@dataclass(frozen=True, slots=True)
class PointStarted:
    """The next run of a sweep is about to begin.

    Attributes:
        number: of the run, from 1.
        count: how many there are.
        params: swept parameter to the value that it has in this run.
    """

    number: int
    count: int
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunNoted:
    """Something that a user wants to know before the first node starts.

    Attributes:
        text: a sentence without its end.
        kind: ``engine`` for which one was picked, ``warning`` for what cannot be as it was asked for.
    """

    text: str
    kind: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins.

    Attributes:
        run_id: UUIDv7.
        plan: what is going to be done.
        context: how the run was asked for: pipelines, selection, engine, environment, command.
        at: seconds since the epoch.
    """

    run_id: str
    plan: Plan
    context: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node begins to run.

    Attributes:
        step: what was decided about it.
        at: seconds since the epoch.
        attempt: how often it was begun in this run, this time included.
        engine: where it runs.
    """

    step: Step
    at: float
    attempt: int = 1
    engine: str = ""


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node has come to an end in this run; with the status ``retried`` an attempt has, and another one follows.

    Attributes:
        step: what was decided about it, in the end.
        status: ``done reused skipped blocked failed timed_out cancelled``, or ``retried``.
        at: seconds since the epoch.
        duration_s: how long it ran; 0 if it did not.
        parts: what its key is made of, if it ran.
        outcome: what it gave, without the values, if it ran.
        fingerprints: output to fingerprint, of what was saved; those of an earlier result if it is reused.
        result: id of the earlier result that is reused, or empty.
        error: why it failed.
        attempt: how often it was begun in this run; 1 also if it never was.
        engine: where it ran; empty if it did not.
        wait_s: seconds until the next attempt.
        cut_off: what it had printed and logged when it was left, if it was.
    """

    step: Step
    status: str
    at: float
    duration_s: float = 0.0
    parts: Parts | None = None
    outcome: Outcome | None = None
    fingerprints: Mapping[str, str] | None = None
    result: str = ""
    error: NodeFailure | None = None
    attempt: int = 1
    engine: str = ""
    wait_s: float = 0.0
    cut_off: tuple[Said, ...] = ()

    @property
    def usage(self) -> Usage:
        """What it took of its process, as far as that is known."""
        ran = self.outcome or self.error
        return ran.usage if ran is not None else Usage()

    @property
    def log(self) -> tuple[Said, ...]:
        """What the node printed and logged."""
        return self.outcome.log if self.outcome else self.error.log if self.error else self.cut_off


@dataclass(frozen=True, slots=True)
class ContentFound:
    """A dataset held what no run had put there, and something else takes its place now; the store has kept it.

    Attributes:
        dataset: name.
        fingerprint: of what it held.
        size: of that in bytes.
        at: seconds since the epoch.
    """

    dataset: str
    fingerprint: str
    size: int
    at: float


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run ends: ``done``, ``failed`` or ``cancelled``."""

    run_id: str
    status: str
    at: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class HookFailed:
    """A hook raised something, or could not be loaded; the run goes on.

    Attributes:
        plugin: name of the hooks that it belongs to; empty if the message names them.
        hook: name of the hook.
        message: what came of it, in a line.
        where: ``file:line``, or empty.
    """

    plugin: str
    hook: str
    message: str
    where: str

    def __str__(self) -> str:
        who = f"hook {self.hook!r} of {self.plugin!r} " if self.plugin else ""
        return f"{who}{self.message}{f' ({self.where})' if self.where else ''}"


Event = (
    RunWaits
    | RunNoted
    | PointStarted
    | RunStarted
    | NodeStarted
    | NodeFinished
    | ContentFound
    | HookFailed
    | RunFinished
)


class Listener(Protocol):
    """Anything that is told what happens, in the thread of the loop and in order."""

    def __call__(self, event: Event, /) -> None:
        """Take note of an event."""
        ...
