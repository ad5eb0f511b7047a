"""Sharing a ledger and its store: copying what the other side lacks, contents first, then the records of them."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import DamageError, LedgerError, StoreError
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.ledger.events import DELETED
from mlflow_tmpl.ledger.run_record import check, contents_of, export, files_of, inputs_of, merge
from mlflow_tmpl.ledger.sources import known_sources, source_text, take_over
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

INPUT_BYTES = 64 << 20
"""Inputs that are larger are not shared: everyone who runs the project has them, or where they come from."""

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
        sources: how many files of code and configuration.
        problems: what was not as it should be, a sentence each.
        due: how many runs there are to copy.
    """

    url: str
    runs: int = 0
    events: int = 0
    objects: int = 0
    size: int = 0
    sources: int = 0
    problems: list[str] = field(default_factory=list)
    due: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {
            "url": self.url,
            "runs": self.runs,
            "events": self.events,
            "objects": self.objects,
            "bytes": self.size,
            "sources": self.sources,
            "problems": self.problems,
        }


class Sharing:
    """Copies between the ledger and store of a project and a shared store.

    Args:
        database: the ledger.
        store: contents on this machine.
        shared: the shared store.
        tell: is told how far it has come, whenever something was copied.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        shared: SharedStore,
        tell: Callable[[Shared], object] = lambda _: None,
    ) -> None:
        self._database = database
        self._store, self._trees = store, store.trees
        self._shared = shared
        self._done = Shared(shared.shown)
        self._tell, self._lock = tell, Lock()

    def push(self) -> Shared:
        """Copy what the shared store lacks: contents, runs that have ended, events.

        A run's record goes last, so that whoever finds it finds what it speaks of.

        Raises:
            StoreError: the shared store cannot be reached.
        """
        known = self._listed("runs")
        runs = [row[0] for row in self._database.query(_ENDED) if row[0] not in known]
        self._begin(runs)
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            for batch in _batches(runs):
                documents = [export(self._database, run) for run in batch]
                self._copy(self._push_content, documents, self._worth_sharing)
                self._each(lambda each: self._push_source(each, Path(folder)), _files(documents))
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
        self._begin(new)
        for batch in _batches(new):
            found = self._each(lambda each: self._fetched("runs", *each), batch)
            documents = [document for document in found if document is not None and self._is_sound(document)]
            self._copy(self._pull_content, documents)
            sources = _files(documents)
            missing = sources.keys() - known_sources(self._database, sources)
            self._each(self._pull_source, sorted(missing))
            merge(self._database, documents)
            self._done.runs += len(documents)
        return self._done

    def _begin(self, runs: Sequence[object]) -> None:
        self._done.due = len(runs)
        self._tell(self._done)

    def _is_sound(self, document: dict[str, Any]) -> bool:
        try:
            check(document)
        except LedgerError as error:
            self._done.problems.append(str(error))
            return False
        return True

    def _worth_sharing(self, name: str) -> bool:
        """Tell whether an input, if it is kept, is small enough to go along."""
        path = self._store.path(name)
        try:
            return path is not None and path.stat().st_size <= INPUT_BYTES
        except FileNotFoundError:
            return False

    def _push_source(self, source: str, folder: Path) -> None:
        place = _below("sources", source)
        text = source_text(self._database, source)
        if text is None or self._shared.has(place):
            return
        file = folder / source
        file.write_bytes(text)
        self._shared.put(place, file)
        file.unlink()
        self._note(sources=1)

    def _pull_source(self, source: str) -> None:
        text = self._read(_below("sources", source))
        if text is None:
            return  # it was not kept where the run was made
        if take_over(self._database, source, text):
            self._note(sources=1)
        else:
            self._done.problems.append(f"the source {source!r} of the shared store is damaged")

    def _pull_events(self) -> None:
        known = {row[0] for row in self._database.query("SELECT id FROM event")}
        new = [(event, name) for event, name in self._listed("events").items() if event not in known]
        found = self._each(lambda each: self._fetched("events", *each), new)
        rows = [[event[name] for name in _EVENT_COLUMNS] for event in found if event is not None]
        self._database.write([(_INSERT_EVENT, rows)])
        self._done.events = len(rows)

    def _push_content(self, store: Store, name: str) -> None:
        """Copy an object to the shared store, if it is here and not there."""
        if not store.has(name) or self._shared.has(self._place(store, name)):
            return
        try:
            path = store.verified(name)
        except DamageError as error:
            self._done.problems.append(str(error))
            return
        except StoreError:
            return  # `gc` was faster
        self._shared.put(self._place(store, name), path)
        self._note(objects=1, size=path.stat().st_size)

    def _pull_content(self, store: Store, name: str) -> None:
        """Copy an object from the shared store, if it is there and not here."""
        if not is_digest(name) or store.has(name):
            return
        try:
            with store.receiving(name) as path:
                if not self._shared.get(self._place(store, name), path):
                    return  # who pushed the run had let go of it
        except DamageError as error:
            self._done.problems.append(str(error))
            return
        found = store.path(name)
        if found is not None:
            self._note(objects=1, size=found.stat().st_size)

    def _note(self, objects: int = 0, size: int = 0, sources: int = 0) -> None:
        with self._lock:
            self._done.objects += objects
            self._done.size += size
            self._done.sources += sources
            self._tell(self._done)

    def _copy(
        self,
        copy: Callable[[Store, str], None],
        documents: Sequence[dict[str, Any]],
        takes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Copy all contents that some runs speak of: of folders their trees, then what these list.

        Args:
            copy: copies one of them.
            documents: the runs.
            takes: says of an input whether it is copied.
        """
        names = dict.fromkeys(str(name) for document in documents for name in contents_of(document))
        inputs = dict.fromkeys(name for document in documents for name in inputs_of(document))
        names |= dict.fromkeys(name for name in inputs if takes(name))
        self._each(lambda name: copy(self._store, name), names)
        folders = [name for name in names if not self._store.has(name)]
        self._each(lambda name: copy(self._trees, name), folders)
        files = dict.fromkeys(file for name in folders for file in self._files(name))
        self._each(lambda name: copy(self._store, name), files)

    def _files(self, folder: str) -> Iterable[str]:
        try:
            return tree(self._store, folder).values() if self._trees.has(folder) else ()
        except StoreError as error:
            self._done.problems.append(str(error))
            return ()

    def _place(self, store: Store, name: str) -> str:
        return _below("trees" if store is self._trees else "objects", name)

    def _put(self, kind: str, name: str, document: dict[str, Any], folder: Path) -> None:
        data = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)
        file = folder / f"{name}.{digest(data)}.json.gz"
        file.write_bytes(data)
        self._shared.put(f"{kind}/{file.name}", file)
        file.unlink()

    def _fetched(self, kind: str, name: str, file: str) -> dict[str, Any] | None:
        """Return a document of the shared store, ``None`` if it is not what it says."""
        data = self._read(f"{kind}/{file}")
        if data is None:
            return None
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

    def _read(self, name: str) -> bytes | None:
        """Return what a file of the shared store holds, ``None`` if there is none."""
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            path = Path(folder, "read")
            return path.read_bytes() if self._shared.get(name, path) else None

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


def _files(documents: Iterable[dict[str, Any]]) -> dict[str, None]:
    return dict.fromkeys(source for document in documents for source in files_of(document))


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name[:2]}/{name[2:]}"


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
