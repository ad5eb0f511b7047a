"""The record of every run, node run and dataset version of a project."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.database import FILE, FOLDER, Database, asked_for
from mlflow_tmpl.ledger.events import EventLog
from mlflow_tmpl.ledger.leases import Leases
from mlflow_tmpl.ledger.listing import (
    SELECT_RUNS,
    Filter,
    by_metric,
    metric_points,
    metrics_of,
    newest,
    run_record,
)
from mlflow_tmpl.ledger.records import NODE_FIELDS, NodeRecord, RunRecord, Surroundings, node_records
from mlflow_tmpl.ledger.references import find_deleted, find_run
from mlflow_tmpl.ledger.schema import PULLED
from mlflow_tmpl.ledger.sources import known_sources, source_text
from mlflow_tmpl.ledger.stats import FileHashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlflow_tmpl.engine.events import Listener
    from mlflow_tmpl.ledger.calls import Call
    from mlflow_tmpl.ledger.kept import KeptIndex
    from mlflow_tmpl.ledger.listing import MetricPoint
    from mlflow_tmpl.ledger.logs import LogEntry
    from mlflow_tmpl.ledger.past import Past
    from mlflow_tmpl.ledger.request import Request
    from mlflow_tmpl.ledger.sharing import Shared
    from mlflow_tmpl.ledger.uses import Uses
    from mlflow_tmpl.ledger.versions import VersionRecord
    from mlflow_tmpl.ledger.writer import Writer
    from mlflow_tmpl.store import Store
    from mlflow_tmpl.store.shared import SharedStore

_NODES = (
    f"SELECT {NODE_FIELDS} FROM node_run WHERE run = ? ORDER BY ended_at IS NULL, ended_at, node, attempt"
)
_OUTPUTS = """
    SELECT argument, fingerprint FROM node_run JOIN result_io ON result_io.result = node_run.result
    WHERE node_run.run = ? AND direction = 'out' ORDER BY node_run.ended_at, argument"""
_LAST = f"""
    SELECT {NODE_FIELDS} FROM {{asked}} JOIN node_run ON node_run.node = one_of AND node_run.run = (
        SELECT past.run FROM node_run AS past
        WHERE past.node = one_of AND past.status NOT IN ({{apart}}) ORDER BY past.run DESC LIMIT 1)
    WHERE status NOT IN ({{apart}}) ORDER BY item, attempt DESC"""
_UNCALLED = ("reused", "skipped")


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
        self.leases.take_over()

    def past(self) -> Past:
        """Return the results of the runs so far, for a plan."""
        from mlflow_tmpl.ledger.past import Past

        return Past(self._database)

    def kept(self) -> KeptIndex:
        """Return which object of the store is which value of memory."""
        from mlflow_tmpl.ledger.kept import KeptIndex

        return KeptIndex(self._database)

    def begin(self) -> Writer:
        """Return the listener that records one run, having closed the runs whose process is gone."""
        from mlflow_tmpl.ledger.recorder import Recorder
        from mlflow_tmpl.ledger.writer import Writer

        self.leases.close_lost()
        return Writer(Database(self.path), Recorder(self._root, self))

    @contextmanager
    def recording(self, run: str) -> Iterator[tuple[Listener, ...]]:
        """Give the listeners that record a run and hear when it shall stop; at the end nothing of it is held.

        Args:
            run: its id.

        Raises:
            Cancelled: someone asked the run to stop.
            LedgerError: something could not be recorded.
        """
        from mlflow_tmpl.ledger.watch import Watch

        try:
            with closing(self.begin()) as writer, Watch(self._database, self.leases, run) as watch:
                yield writer, watch
        except BaseException:
            with suppress(LedgerError):  # what ended the run is what the user has to hear
                self.leases.release([run])
            raise
        finally:
            self.keep()

    def points(self, run: str) -> Sequence[RunRecord]:
        """Return the runs of a sweep, first to last, with their metrics; none for a run that is no sweep.

        Args:
            run: its id.
        """
        from mlflow_tmpl.ledger.request import Request

        asked = self._database.query("SELECT asked FROM run WHERE id = ?", (run,))
        swept = Request.from_text(asked[0][0]).sweep if asked and asked[0][0] else ()
        if not swept:
            return ()
        found = self.runs(None, Filter(sweep=run), metrics=True)
        return [replace(each, swept=tuple(swept)) for each in reversed(found)]

    def cancel(self, reference: str) -> str:
        """Ask a run to stop, and return its id.

        Args:
            reference: as for `run`.

        Raises:
            LedgerError: there is no such run, or it is not running.
        """
        from mlflow_tmpl.ledger.watch import ask_to_stop

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
        from mlflow_tmpl.ledger.request import Request

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

    def runs(
        self,
        limit: int | None = None,
        which: Filter | None = None,
        *,
        metrics: bool = False,
        sort: str = "",
        ascending: bool = False,
    ) -> Sequence[RunRecord]:
        """Return the runs, newest first, without their nodes; those that were deleted are left out.

        Args:
            limit: how many at most.
            which: leaves out others.
            metrics: whether their metrics are told.
            sort: a metric by which they are ordered, the largest first; those without it are left out.
            ascending: the smallest first.

        Raises:
            LedgerError: no run has the metric.
        """
        self.leases.close_lost()
        which = which or Filter()
        if sort:
            found = by_metric(self._database, which, sort, limit, ascending=ascending)
        else:
            found = newest(self._database, which, limit)
        if not metrics:
            return found
        values = metrics_of(self._database, [run.id for run in found])
        return [replace(run, metrics=values.get(run.id, {})) for run in found]

    def run(self, reference: str) -> RunRecord:
        """Return one run with its nodes and metrics.

        Args:
            reference: the beginning of its id, ``last``, ``last~2`` for the second before it, an alias, or a
                tag that it alone carries.

        Raises:
            LedgerError: there is no such run, or the reference means several.
        """
        self.leases.close_lost()
        run_id = self.find(reference)
        row = self._database.query(f"{SELECT_RUNS} WHERE run.id = ?", (run_id,))[0]
        nodes = node_records(self._database.query(_NODES, (run_id,)))
        counts: dict[str, int] = {}
        for node in nodes:
            counts[node.status] = counts.get(node.status, 0) + 1
        aliases = [name for name, known in self.events.aliases().items() if known == run_id]
        return run_record(
            row,
            counts=counts,
            nodes=nodes,
            parameters=self._content("parameter", row[-1]),
            tags=self.events.tags([run_id]).get(run_id, {}),
            aliases=aliases,
            metrics=self.metrics(run_id),
        )

    def find(self, reference: str) -> str:
        """Return the id of the run that a reference means.

        Raises:
            LedgerError: there is no such run, or the reference means several.
        """
        return find_run(self._database, reference)

    def find_deleted(self, reference: str) -> str:
        """Return the id of the deleted run that a reference means.

        Raises:
            LedgerError: there is none, or the reference means several.
        """
        return find_deleted(self._database, reference)

    def version(self, dataset: str, reference: str) -> str:
        """Return the fingerprint of the version of a dataset that is meant.

        Args:
            dataset: its name.
            reference: the beginning of a hash, an alias, or a run that made or took it.

        Raises:
            LedgerError: there is no such version, or the reference means several.
        """
        from mlflow_tmpl.ledger.versions import find_version

        return find_version(self._database, dataset, reference)

    def found(self, dataset: str, fingerprint: str, size: int, place: str) -> None:
        """Record a content that no run has made."""
        from time import time

        from mlflow_tmpl.ledger.statements import VERSION

        row = (dataset, fingerprint, "content", None, size, None, place, time())
        self._database.write([(VERSION, [row])])

    def newest(self, dataset: str) -> str:
        """Return the fingerprint of the version of a dataset that was made or taken last.

        Raises:
            LedgerError: no run has made or taken it.
        """
        from mlflow_tmpl.ledger.versions import newest_version

        return newest_version(self._database, dataset)

    def metrics(self, run: str) -> dict[str, float]:
        """Return the metrics that a run made or reused, by name.

        Args:
            run: its id.
        """
        return metrics_of(self._database, [run]).get(run, {})

    def metric_points(self, run: str) -> list[MetricPoint]:
        """Return every number in the metrics that a run made or reused, step by step.

        Args:
            run: its id.
        """
        return metric_points(self._database, run)

    def outputs(self, run: str) -> dict[str, str]:
        """Return the datasets that a run saved or reused, each with the fingerprint of its content.

        Args:
            run: its id.
        """
        return dict(self._database.query(_OUTPUTS, (run,)))

    def versions(self, dataset: str) -> list[VersionRecord]:
        """Return every version of a dataset, the one that was made or taken last first."""
        from mlflow_tmpl.ledger.versions import versions_of

        return versions_of(self._database, dataset)

    def log(self, reference: str) -> list[LogEntry]:
        """Return what happened in a run, in the order of time, with what its nodes printed.

        Args:
            reference: as for `run`.

        Raises:
            LedgerError: there is no such run, or the reference means several.
        """
        from mlflow_tmpl.ledger.logs import log_of

        self.leases.close_lost()
        return log_of(self._database, self.find(reference))

    def places(self, fingerprints: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return for each content that is a version of a dataset the dataset, and where its file lies."""
        sql = "SELECT dataset, place FROM version WHERE fingerprint = ? LIMIT 1"
        rows = {each: self._database.query(sql, (each,)) for each in fingerprints}
        return {each: (found[0][0], found[0][1]) for each, found in rows.items() if found}

    def uses(self) -> Uses:
        """Return who used the contents in the store last, and which must stay."""
        from mlflow_tmpl.ledger.uses import uses_of

        return uses_of(self._database)

    def cutoff(self, runs: int) -> float:
        """Return when the oldest of the newest runs began, in seconds since the epoch."""
        from mlflow_tmpl.ledger.uses import cutoff

        return cutoff(self._database, runs)

    def push(
        self, store: Store, shared: SharedStore, tell: Callable[[Shared], object] = lambda _: None
    ) -> Shared:
        """Copy what a shared store lacks of the runs that have ended, what they gave, and the events.

        Args:
            store: contents on this machine.
            shared: the shared store.
            tell: is told how far it has come.

        Raises:
            StoreError: it cannot be reached.
        """
        from mlflow_tmpl.ledger.sharing import Sharing

        self.leases.close_lost()
        return Sharing(self._database, store, shared, tell).push()

    def pull(
        self, store: Store, shared: SharedStore, tell: Callable[[Shared], object] = lambda _: None
    ) -> Shared:
        """Copy what is new in a shared store.

        Args:
            store: contents on this machine.
            shared: the shared store.
            tell: is told how far it has come.

        Raises:
            StoreError: it cannot be reached.
        """
        from mlflow_tmpl.ledger.sharing import Sharing

        return Sharing(self._database, store, shared, tell).pull()

    def is_pulled(self, run: str) -> bool:
        """Tell whether a run came from a shared store, and was not made here.

        Args:
            run: its id.
        """
        return bool(self._database.query(f"{PULLED} WHERE run = ?", (run,)))

    @property
    def events(self) -> EventLog:
        """What people did to runs and versions."""
        return EventLog(self._database)

    def last_runs(self, nodes: Sequence[str]) -> Mapping[str, NodeRecord]:
        """Return for each node how the last run that it was part of went; nodes that never ran are left out.

        For a node that was reused or left out, the times are those of the last run that called it.
        """
        latest = self._last(nodes, "'retried'")
        uncalled = [name for name in nodes if name in latest and latest[name].status in _UNCALLED]
        for name, called in self._last(uncalled, "'retried', 'reused', 'skipped'").items():
            latest[name] = replace(latest[name], duration_s=called.duration_s, ended_at=called.ended_at)
        return {name: latest[name] for name in nodes if name in latest}

    def calls(self, nodes: Sequence[str]) -> Mapping[str, Sequence[Call]]:
        """Return for each node how its last calls went, the latest last."""
        from mlflow_tmpl.ledger.calls import last_calls

        return last_calls(self._database, nodes)

    def logs(self, nodes: Sequence[str]) -> Mapping[str, str]:
        """Return for each node what its last call printed."""
        from mlflow_tmpl.ledger.calls import last_logs

        return last_logs(self._database, nodes)

    def _last(self, nodes: Sequence[str], apart: str) -> dict[str, NodeRecord]:
        """Return for each node its record in the newest run in which its status is none of some."""
        found: dict[str, NodeRecord] = {}
        for asked, names in asked_for(nodes):
            for record in node_records(self._database.query(_LAST.format(asked=asked, apart=apart), names)):
                found.setdefault(record.name, record)
        return found

    def has_definition(self, name: str) -> bool:
        """Tell whether a definition is on record, and with it what its code is made of."""
        return bool(self._database.query("SELECT 1 FROM definition WHERE id = ?", (name,)))

    def known_sources(self, ids: Iterable[str]) -> set[str]:
        """Return those of some hashes of files whose text is kept."""
        return known_sources(self._database, ids)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query, for those who ask what no method answers."""
        return self._database.query(sql, values)

    def surroundings(self, run: str) -> Surroundings:
        """Return what a run happened in.

        Args:
            run: its id.
        """
        definition, environment, parameter = self._database.query(
            "SELECT definition, environment, parameter FROM run WHERE id = ?", (run,)
        )[0]
        defined = self._content("definition", definition)
        return Surroundings(
            {node["name"]: node for node in defined.get("nodes", ())},
            defined.get("files", {}),
            self._content("environment", environment),
            self._content("parameter", parameter),
        )

    def code_parts(self, code: str) -> dict[str, str]:
        """Return what a fingerprint of code is made of, empty if that is not known."""
        from mlflow_tmpl.planning.code.closure import flattened

        return dict(flattened(code, self.past().code))

    def used_packages(self, run: str) -> set[str]:
        """Return the packages that the code of a run's nodes uses."""
        codes = {node["code"] for node in self.surroundings(run).nodes.values()}
        parts = [name for code in codes for name in self.code_parts(code)]
        return {name.partition(" ")[2].lower() for name in parts if name.startswith("package ")}

    def source(self, source: str) -> bytes | None:
        """Return the text of a file or a definition by its hash, ``None`` if it is not kept."""
        return source_text(self._database, source)

    def hash_file(self, path: Path) -> str:
        """Return the hash of a file's content.

        Raises:
            OSError: it cannot be read.
        """
        return self.hashes(path)

    def has_metrics(self, dataset: str, fingerprint: str) -> bool:
        """Tell whether the metrics of a version of a dataset are recorded."""
        sql = "SELECT 1 FROM metric WHERE dataset = ? AND fingerprint = ? LIMIT 1"
        return bool(self._database.query(sql, (dataset, fingerprint)))

    def _content(self, table: str, content_id: str) -> Any:
        """Return what a hash of parameters, an environment or a definition stands for."""
        rows = self._database.query(f"SELECT content FROM {table} WHERE id = ?", (content_id,))
        return json.loads(rows[0][0]) if rows else {}
