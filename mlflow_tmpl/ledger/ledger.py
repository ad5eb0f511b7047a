"""The record of every run, node run and dataset version of a project."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.database import FILE, FOLDER, Database
from mlflow_tmpl.ledger.leases import Leases
from mlflow_tmpl.ledger.past import Past
from mlflow_tmpl.ledger.recorder import Recorder
from mlflow_tmpl.ledger.records import SHORT_ID, NodeRecord, RunRecord
from mlflow_tmpl.ledger.request import Request
from mlflow_tmpl.ledger.stats import FileHashes
from mlflow_tmpl.ledger.watch import Watch, ask_to_stop
from mlflow_tmpl.ledger.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.engine.events import Listener

_MANY_DIGITS = 12
"""More runs than that there are not; SQLite takes numbers of 19 digits."""

_RUN_FIELDS = {
    "id": "run.id",
    "status": "status",
    "pipelines": "pipelines",
    "selection": "selection",
    "environment": "config_environment",
    "engine": "engine",
    "actor": "actor",
    "host": "host",
    "command": "command",
    "git_commit": "git_commit",
    "started_at": "started_at",
    "duration_s": "duration_s",
    "parameters": "parameter.content",
}
_RUNS = f"SELECT {', '.join(_RUN_FIELDS.values())} FROM run JOIN parameter ON parameter.id = run.parameter"
_NODES = (
    "SELECT node, action, status, reasons, duration_s, ended_at, error FROM node_run WHERE run = ? "
    "ORDER BY ended_at IS NULL, ended_at, node"
)
_LAST = """
    SELECT node, action, status, reasons, duration_s, ended_at, error FROM node_run
    WHERE node = ? AND status NOT IN ('reused', 'skipped') ORDER BY run DESC LIMIT 1"""


class Ledger:
    """A project's ledger.

    Args:
        root: the project's folder; the ledger lies in its `.mlo`.

    Attributes:
        notes: sentences about what happened when it was opened, for the user to read.
        hashes: content hashes of files, cached here.
        leases: which runs write which outputs.

    Raises:
        LedgerError: it cannot be opened.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.path = root / FOLDER / FILE
        self.notes: list[str] = []
        self._database = Database(self.path, self.notes)
        self.hashes = FileHashes(self._database)
        self.leases = Leases(self._database)

    def past(self) -> Past:
        """Return the results of the runs so far, for a plan."""
        return Past(self._database)

    def begin(self) -> Writer:
        """Return the listener that records one run, having closed the runs whose process is gone."""
        self.leases.close_lost()
        return Writer(Database(self.path), Recorder(self._root).rows_of)

    @contextmanager
    def recording(self, run: str) -> Iterator[tuple[Listener, ...]]:
        """Give the listeners that record a run and hear when it shall stop; at the end nothing of it is held.

        Args:
            run: its id.

        Raises:
            Cancelled: someone asked the run to stop.
            LedgerError: something could not be recorded.
        """
        writer = self.begin()
        try:
            with Watch(self._database, self.leases, run) as watch:
                yield writer, watch
        except BaseException:
            self.leases.release([run])
            raise
        finally:
            writer.close()
            self.keep()

    def cancel(self, reference: str) -> str:
        """Ask a run to stop, and return its id.

        Args:
            reference: as for `run`.

        Raises:
            LedgerError: there is no such run, or it is not running.
        """
        record = self.run(reference)
        if record.status != "running":
            raise LedgerError(
                f"run {record.short_id!r} is not running: it is {record.status}",
                hint="mlo runs list --status running shows those that are",
            )
        ask_to_stop(self._database, record.id)
        return record.id

    def request(self, reference: str) -> tuple[RunRecord, Request]:
        """Return a run that has ended, and what it was asked for.

        Args:
            reference: as for `run`.

        Raises:
            LedgerError: there is no such run, it is still running, or it was recorded before that was kept.
        """
        record = self.run(reference)
        if record.status == "running":
            raise LedgerError(
                f"run {record.short_id!r} is still running",
                hint=f"stop it: mlo runs cancel {record.short_id}",
            )
        asked = self._database.query("SELECT asked FROM run WHERE id = ?", (record.id,))[0][0]
        if asked is None:
            raise LedgerError(
                f"what run {record.short_id!r} was asked for is not in the ledger",
                hint=f"give its command again: {record.command}" if record.command else "",
            )
        return record, Request.from_text(asked)

    def keep(self) -> None:
        """Write the hashes that were computed since the last time."""
        self.hashes.keep()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def runs(self, limit: int | None = None) -> Sequence[RunRecord]:
        """Return the runs, newest first, without their nodes.

        Args:
            limit: how many at most.
        """
        self.leases.close_lost()
        rows = self._database.query(
            f"{_RUNS} ORDER BY run.id DESC LIMIT ?", (-1 if limit is None else limit,)
        )
        counts = self._counts([row[0] for row in rows])
        return [_run_record(row, counts.get(row[0], {}), ()) for row in rows]

    def run(self, reference: str) -> RunRecord:
        """Return one run with its nodes.

        Args:
            reference: the beginning of its id, ``last``, or ``last~2`` for the second before it.

        Raises:
            LedgerError: there is no such run, or the reference means several.
        """
        self.leases.close_lost()
        run_id = self._find(reference.strip().lower())
        row = self._database.query(f"{_RUNS} WHERE run.id = ?", (run_id,))[0]
        nodes = tuple(_node_record(node) for node in self._database.query(_NODES, (run_id,)))
        counts: dict[str, int] = {}
        for node in nodes:
            counts[node.status] = counts.get(node.status, 0) + 1
        return _run_record(row, counts, nodes)

    def last_runs(self, nodes: Sequence[str]) -> Mapping[str, NodeRecord]:
        """Return for each node the last time that it ran, failed or was stopped; nodes that never did are left out."""
        found = {}
        for name in nodes:
            rows = self._database.query(_LAST, (name,))
            if rows:
                found[name] = _node_record(rows[0])
        return found

    def _find(self, reference: str) -> str:
        word, tilde, back = reference.partition("~")
        if word == "last" and (not tilde or (back.isdecimal() and len(back) < _MANY_DIGITS)):
            rows = self._database.query(
                "SELECT id FROM run ORDER BY id DESC LIMIT 1 OFFSET ?", (int(back or 0),)
            )
            if not rows:
                raise LedgerError(f"there is no run {reference!r}", hint="mlo runs list shows what there is")
            return str(rows[0][0])
        rows = self._database.query(
            "SELECT id FROM run WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 3",
            (reference, reference + "\x7f"),
        )
        if not rows:
            raise LedgerError(f"there is no run {reference!r}", hint="mlo runs list shows what there is")
        if len(rows) > 1:
            some = ", ".join(row[0][: SHORT_ID + 6] for row in rows)
            raise LedgerError(
                f"{reference!r} is the beginning of several runs: {some}", hint="give more of the id"
            )
        return str(rows[0][0])

    def _counts(self, runs: Sequence[str]) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        if runs:
            sql = "SELECT run, status, count(*) FROM node_run WHERE run >= ? GROUP BY run, status"
            for run, status, count in self._database.query(sql, (min(runs),)):
                counts.setdefault(run, {})[status] = count
        return counts


def _run_record(row: Sequence[Any], counts: dict[str, int], nodes: tuple[NodeRecord, ...]) -> RunRecord:
    values = dict(zip(_RUN_FIELDS, row, strict=True))
    values["pipelines"] = tuple(json.loads(values["pipelines"]))
    values["parameters"] = json.loads(values["parameters"])
    return RunRecord(**values, counts=counts, nodes=nodes)


def _node_record(row: Sequence[Any]) -> NodeRecord:
    name, action, status, reasons, duration_s, ended_at, error = row
    return NodeRecord(
        name,
        action,
        status,
        tuple(json.loads(reasons)),
        duration_s,
        ended_at,
        json.loads(error) if error else None,
    )
