"""Sharing a ledger and its store: copying what the other side lacks, contents first, then the records of them."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import DamageError, LedgerError, StoreError
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.ledger.events import DELETED
from mlflow_tmpl.ledger.run_record import contents_of, export, merge
from mlflow_tmpl.store.contents import tree
from mlflow_tmpl.store.store import is_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mlflow_tmpl.ledger.database import Database
    from mlflow_tmpl.store import Store
    from mlflow_tmpl.store.shared import SharedStore

TRANSFERS = 8
"""How many files are under way at a time: over a network most of each is waiting."""

BATCH = 32
"""How many runs are taken over at a time: what is through stays, also if the rest fails."""

_NAME = re.compile(r"(?P<id>[0-9a-f-]{36})\.(?P<digest>[0-9a-f]{40})\.json\.gz").fullmatch
_ENDED = f"""
    SELECT id FROM run WHERE status NOT IN ('running', 'queued', 'waiting') AND id NOT IN ({DELETED}) ORDER BY id"""
_EVENT_COLUMNS = ("id", "at", "actor", "kind", "subject", "name", "value", "reason", "replaces")
_EVENTS = f"SELECT {', '.join(_EVENT_COLUMNS)} FROM event ORDER BY id"
_INSERT_EVENT = (
    f"INSERT OR IGNORE INTO event ({', '.join(_EVENT_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(slots=True)
class Shared:
    """What was copied.

    Attributes:
        url: to where or from where, without secrets.
        runs: how many runs.
        events: how many events.
        objects: how many contents.
        size: of these, in bytes.
        problems: what was not as it should be, a sentence each.
    """

    url: str
    runs: int = 0
    events: int = 0
    objects: int = 0
    size: int = 0
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {
            "url": self.url,
            "runs": self.runs,
            "events": self.events,
            "objects": self.objects,
            "bytes": self.size,
            "problems": self.problems,
        }


class Sharing:
    """Copies between the ledger and store of a project and a shared store.

    Args:
        database: the ledger.
        store: contents on this machine.
        shared: the shared store.
    """

    def __init__(self, database: Database, store: Store, shared: SharedStore) -> None:
        self._database = database
        self._store, self._trees = store, store.trees
        self._shared = shared
        self._done = Shared(shared.shown)

    def push(self) -> Shared:
        """Copy what the shared store lacks: contents, runs that have ended, events.

        A run's record goes last, so that whoever finds it finds what it speaks of.

        Raises:
            StoreError: the shared store cannot be reached.
        """
        known = self._listed("runs")
        runs = [row[0] for row in self._database.query(_ENDED) if row[0] not in known]
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            for batch in _batches(runs):
                documents = [export(self._database, run) for run in batch]
                self._copy(self._push_content, documents)
                self._each(lambda each: self._put("runs", each["run"], each, Path(folder)), documents)
                self._done.runs += len(documents)
            known = self._listed("events")
            rows = [row for row in self._database.query(_EVENTS) if row[0] not in known]
            events = [dict(zip(_EVENT_COLUMNS, row, strict=True)) for row in rows]
            self._each(lambda each: self._put("events", each["id"], each, Path(folder)), events)
        self._done.events = len(events)
        return self._done

    def pull(self) -> Shared:
        """Copy what this project lacks: events, then contents and the runs that gave them; all is checked by hash.

        What was deleted here stays deleted.

        Raises:
            StoreError: the shared store cannot be reached.
        """
        self._pull_events()
        known = {row[0] for row in self._database.query("SELECT id FROM run")}
        known |= {row[0] for row in self._database.query(DELETED)}
        new = [(run, name) for run, name in sorted(self._listed("runs").items()) if run not in known]
        for batch in _batches(new):
            found = self._each(lambda each: self._fetched("runs", *each), batch)
            documents = [document for document in found if document is not None]
            self._copy(self._pull_content, documents)
            for document in documents:
                self._merge(document)
        return self._done

    def _merge(self, document: dict[str, Any]) -> None:
        try:
            merge(self._database, [document])
        except LedgerError as error:
            self._done.problems.append(str(error))
        else:
            self._done.runs += 1

    def _pull_events(self) -> None:
        known = {row[0] for row in self._database.query("SELECT id FROM event")}
        new = [(event, name) for event, name in self._listed("events").items() if event not in known]
        found = self._each(lambda each: self._fetched("events", *each), new)
        rows = [[event[name] for name in _EVENT_COLUMNS] for event in found if event is not None]
        self._database.write([(_INSERT_EVENT, rows)])
        self._done.events = len(rows)

    def _push_content(self, store: Store, name: str) -> int | None:
        """Copy an object to the shared store, and return its bytes; ``None`` if there was nothing to do."""
        if not store.has(name) or self._shared.has(self._place(store, name)):
            return None
        try:
            path = store.verified(name)
        except DamageError as error:
            self._done.problems.append(str(error))
            return None
        self._shared.put(self._place(store, name), path)
        return path.stat().st_size

    def _pull_content(self, store: Store, name: str) -> int | None:
        """Copy an object from the shared store, and return its bytes; ``None`` if there was nothing to do."""
        if not is_digest(name) or store.has(name):
            return None
        try:
            with store.receiving(name) as path:
                if not self._shared.get(self._place(store, name), path):
                    return None  # who pushed the run had let go of it
        except DamageError as error:
            self._done.problems.append(str(error))
            return None
        found = store.path(name)
        return found.stat().st_size if found is not None else None

    def _copy(self, copy: Callable[[Store, str], int | None], documents: Iterable[dict[str, Any]]) -> None:
        """Copy all contents that some runs speak of: of folders their trees, then what these list."""
        names = dict.fromkeys(str(name) for document in documents for name in contents_of(document))
        sizes = self._each(lambda name: copy(self._store, name), names)
        folders = [name for name in names if not self._store.has(name)]
        sizes += self._each(lambda name: copy(self._trees, name), folders)
        files = dict.fromkeys(file for name in folders for file in self._files(name))
        sizes += self._each(lambda name: copy(self._store, name), files)
        found = [size for size in sizes if size is not None]
        self._done.objects += len(found)
        self._done.size += sum(found)

    def _files(self, folder: str) -> Iterable[str]:
        try:
            return tree(self._store, folder).values() if self._trees.has(folder) else ()
        except StoreError as error:
            self._done.problems.append(str(error))
            return ()

    def _place(self, store: Store, name: str) -> str:
        return f"{'trees' if store is self._trees else 'objects'}/{name[:2]}/{name[2:]}"

    def _put(self, kind: str, name: str, document: dict[str, Any], folder: Path) -> None:
        data = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)
        file = folder / f"{name}.{digest(data)}.json.gz"
        file.write_bytes(data)
        self._shared.put(f"{kind}/{file.name}", file)
        file.unlink()

    def _fetched(self, kind: str, name: str, file: str) -> dict[str, Any] | None:
        """Return a document of the shared store, ``None`` if it is not what it says."""
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            path = Path(folder, "document")
            if not self._shared.get(f"{kind}/{file}", path):
                return None
            data = path.read_bytes()
        match = _NAME(file)
        try:
            if match is None or digest(data) != match["digest"]:
                raise ValueError("it is damaged")
            document = json.loads(gzip.decompress(data))
            if document["run" if kind == "runs" else "id"] != name:
                raise ValueError("it is about something else")
        except (ValueError, OSError, EOFError, KeyError, TypeError) as error:
            self._done.problems.append(f"{kind}/{file} of the shared store is left out: {error}")
            return None
        return dict(document)

    def _listed(self, kind: str) -> dict[str, str]:
        """Return what the shared store has of a kind: id to file name."""
        matches = [match for name in self._shared.names(kind) if (match := _NAME(name)) is not None]
        return {match["id"]: match.string for match in matches}

    def _each(self, call: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """Call for each of some items, several at a time, and return what came of each.

        Raises:
            Exception: what the first call raised; calls that have not begun are then left out.
        """
        with ThreadPoolExecutor(TRANSFERS) as pool:
            try:
                return [future.result() for future in [pool.submit(call, item) for item in items]]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
