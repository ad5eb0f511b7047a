"""Which run writes which outputs: two runs of one project share it, but never an output at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.processes import Life, Process, this_process
from mlflow_tmpl.ledger.records import SHORT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database
    from mlflow_tmpl.planning import Plan

BEAT_S = 10.0
"""How often a run says that it is alive."""

LOOK_S = 0.1
"""How often a run that waits for another looks whether that has ended."""

PATIENCE_S = 60.0
"""A process that cannot be seen from here, and has said nothing for so long, counts as dead; so does a run that has
not begun so long after it took its leases, or could not give them up."""

_OF_RUN = "run:"
"""What a lease on a run itself begins with, which each run that writes holds beside those on its outputs."""

_SELECT = "SELECT place, run, dataset, host, pid, boot, since, expires_at FROM lease"
_INSERT = "INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
RELEASE = "DELETE FROM lease WHERE run = ?"
_OPEN = f"""
    SELECT run.id, run.host, run.pid, lease.boot, lease.since, lease.expires_at
    FROM run LEFT JOIN lease ON lease.place = '{_OF_RUN}' || run.id WHERE run.status = 'running'"""
_BURY = (
    "UPDATE run SET status = 'lost' WHERE id = ? AND status = 'running'",
    "UPDATE node_run SET status = 'lost' WHERE run = ? AND status = 'running'",
    RELEASE,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A run that is writing.

    Attributes:
        run: its id.
        process: where it runs.
        since: seconds since the epoch.
        expires_at: until when it counts as alive where it cannot be seen.
        dataset: one of the outputs that it writes.
    """

    run: str
    process: Process
    since: float
    expires_at: float
    dataset: str = ""

    @property
    def alive(self) -> bool:
        """Whether the run goes on, as far as that can be told."""
        life = self.process.life()
        return life is Life.RUNNING or (life is Life.UNSEEN and time.time() < self.expires_at)

    def __str__(self) -> str:
        since = time.strftime("%H:%M:%S", time.localtime(self.since))
        where = f"process {self.process.pid} on {self.process.host}"
        return f"run {self.run[:SHORT_ID]} ({where}, since {since})"


class Held(LedgerError):
    """Outputs that a run would write are being written by another one.

    Attributes:
        holder: the other one.
    """

    def __init__(self, holder: Holder) -> None:
        super().__init__(
            f"output {holder.dataset!r} is being written by {holder}",
            hint=f"wait for it with --wait, or stop it: mlo runs cancel {holder.run[:SHORT_ID]}",
        )
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Moment:
    """What was under way when a plan was begun, to tell whether something has ended since.

    Attributes:
        newest: id of the newest run.
        open: runs that had not ended.
    """

    newest: str
    open: frozenset[str]


class Leases:
    """The leases of a project's ledger.

    Args:
        database: the ledger's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claimed(
        self,
        run: str,
        make: Callable[[], Plan],
        wait_s: float = 0.0,
        waits: Callable[[Holder], object] = lambda _: None,
    ) -> Plan:
        """Return a plan whose outputs no other run is writing, nor has written since it was made.

        Args:
            run: id of the run that will follow the plan.
            make: makes the plan; called again whenever another run has ended meanwhile.
            wait_s: how long to wait for others that write the same.
            waits: is told, once for each of them, for whom the run waits.

        Raises:
            Held: another run writes one of the outputs, and goes on longer than the wait.
        """
        deadline, told = time.monotonic() + wait_s, ""
        self.close_lost()
        while True:
            planned = self.moment()
            plan = make()
            try:
                if self.take(run, places_of(plan), planned):
                    return plan
            except Held as held:
                if held.holder.run != told:
                    told = held.holder.run
                    if wait_s:
                        waits(held.holder)
                self._wait_for(held, deadline)

    def _wait_for(self, held: Held, deadline: float) -> None:
        """Wait until a run has ended."""
        while (holder := self.holder(held.holder.run)) is not None and holder.alive:
            if time.monotonic() >= deadline:
                raise held
            time.sleep(LOOK_S)

    def moment(self) -> Moment:
        """Return what is under way now."""
        newest = self._database.query("SELECT max(id) FROM run")[0][0] or ""
        rows = self._database.query("SELECT id FROM run WHERE status = 'running'")
        return Moment(newest, frozenset(row[0] for row in rows))

    def take(self, run: str, places: Mapping[str, str], planned: Moment) -> bool:
        """Take leases on all of some outputs, or on none, so that no two runs wait for each other.

        Args:
            run: id of the run that will write.
            places: where each output lies, to its dataset.
            planned: when the plan was begun that they follow from.

        Returns:
            Whether they are taken; not if another run has ended since then, as it may have made what was planned.

        Raises:
            Held: a living run holds one of them.
        """
        if not places:
            return True
        process, now = this_process(), time.time()
        with self._database.alone() as execute:
            if self._ended_since(planned):
                return False
            rows = execute(_SELECT).fetchall()
            goes_on = self.moment().open
            alive = {
                run: holder.alive and (run in goes_on or now - holder.since < PATIENCE_S)
                for run, holder in {row[1]: _holder(row) for row in rows}.items()
            }
            for row in rows:
                if row[0] in places and alive[row[1]]:
                    raise Held(_holder(row))
            for dead in [each for each, lives in alive.items() if not lives]:
                for statement in _BURY:
                    execute(statement, (dead,))
            about = (run, process.host, process.pid, process.birth, now, now + PATIENCE_S)
            for place, dataset in {**places, f"{_OF_RUN}{run}": ""}.items():
                execute(_INSERT, (place, dataset, *about))
        return True

    def _ended_since(self, planned: Moment) -> bool:
        now = self.moment()
        newer = "SELECT 1 FROM run WHERE id > ? AND status <> 'running' LIMIT 1"
        return bool(planned.open - now.open or self._database.query(newer, (planned.newest,)))

    def close_lost(self) -> None:
        """Mark the runs as lost whose process is gone; what they have put down is kept."""
        self.take_over()
        lost = []
        for run, host, pid, boot, since, expires_at in self._database.query(_OPEN):
            until = float("inf") if expires_at is None else expires_at
            if not Holder(run, Process(host, pid, boot or ""), since or 0.0, until).alive:
                lost.append((run,))
        if lost:
            self._database.write([(statement, lost) for statement in _BURY])

    def take_over(self) -> None:
        """Bring into the tables what runs have put down whose process is gone."""
        if self._database.has_journals():
            from mlflow_tmpl.ledger.journal import take_over

            take_over(self._database)

    def holder(self, run: str) -> Holder | None:
        """Return the process that a run writes in, if it does."""
        rows = self._database.query(f"{_SELECT} WHERE place = ?", (f"{_OF_RUN}{run}",))
        return _holder(rows[0]) if rows else None

    def renew(self, run: str) -> None:
        """Say that a run is alive."""
        beat = "UPDATE lease SET expires_at = ? WHERE run = ?"
        self._database.write([(beat, [(time.time() + PATIENCE_S, run)])])

    def release(self, runs: Sequence[str]) -> None:
        """Give up what some runs hold."""
        self._database.write([(RELEASE, [(run,) for run in runs])])


def places_of(plan: Plan) -> dict[str, str]:
    """Return the place of each output that a plan writes, to its dataset."""
    from mlflow_tmpl.planning import Action

    written = [name for step in plan.steps if step.action is Action.RUN for name in step.node.outputs]
    restored = [name for decision in plan.decider.decisions if decision for name in decision.restores]
    saved = [name for name in (*written, *restored) if not plan.catalog.is_memory(name)]
    return {plan.catalog.location(name) or f"dataset:{name}": name for name in saved}


def _holder(row: Sequence[object]) -> Holder:
    _, run, dataset, host, pid, boot, since, expires_at = row
    return Holder(run, Process(host, pid, boot), since, expires_at, dataset)  # type: ignore[arg-type]
