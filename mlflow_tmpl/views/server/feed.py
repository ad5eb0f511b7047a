"""What changes in the ledger, as it changes: a run in any process is seen within `LOOK_S` of being recorded."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger.database import FILE, FOLDER, Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    Change = dict[str, Any]

LOOK_S = 0.05
"""How often it is asked whether anything changed: 15 us each time, if nothing did."""

ALONE_S = 0.5
"""How often while nobody listens."""

SHARE = 10
"""A look that took long is not repeated for so many times as long: it costs a tenth of a core at most."""

QUIET_S = 15.0
"""After so long a silence a listener is told that there is still someone."""

MOST_BEHIND = 1000
"""A listener that is so many changes behind is let go; it comes back, and asks for all that it missed."""

TIDY_S = 2.0
"""How often it is asked whether the process of a run that goes on is still there."""

_OPEN = (
    "SELECT id, status, duration_s, started_at, pid FROM run WHERE status = 'running' OR id > ? ORDER BY id"
)
_ONE = "SELECT id, status, duration_s, started_at, pid FROM run WHERE id = ?"
_NEWEST = "SELECT max(id) FROM run"
_NODES = """
    SELECT node, action, status, duration_s, ended_at, reasons, error FROM node_run
    WHERE run = ? AND status <> 'retried'"""
_OTHERS = "SELECT (SELECT max(id) FROM event), (SELECT count(*) FROM run)"


@dataclass(slots=True)
class Followed:
    """What was told of a run that has not ended."""

    status: str = ""
    nodes: dict[str, tuple[Any, ...]] = field(default_factory=dict)


class Watcher:
    """Says what changed in a ledger since it was last asked.

    Args:
        root: the folder whose `.mlo` has the ledger.

    Attributes:
        began: run and node to when the node was first seen running, in seconds since the epoch.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / FOLDER / FILE
        self._database: Database | None = None
        self._inode = 0
        self._version = -1
        self._newest = ""
        self._others: Any = None
        self._runs: dict[str, Followed] = {}
        self.began: dict[tuple[str, str], float] = {}

    def look(self) -> list[Change]:
        """Return what changed.

        Raises:
            LedgerError: it cannot be read.
        """
        database = self._opened()
        if database is None:
            return []
        version = database.query("PRAGMA data_version")[0][0]
        if version == self._version:
            return []
        self._version = version
        return list(self._changes(database))

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _opened(self) -> Database | None:
        """Open the ledger that lies there now: it may not be there yet, and another one may take its place."""
        try:
            inode = os.stat(self._path).st_ino
        except OSError:
            self.close()
            return None
        if self._database is None or inode != self._inode:
            self.close()
            self._database, self._inode, self._version = Database(self._path), inode, -1
            self._newest = self._database.query(_NEWEST)[0][0] or ""
            self._runs.clear()
            self.began.clear()
        return self._database

    def _changes(self, database: Database) -> Iterator[Change]:
        rows = {row[0]: row for row in database.query(_OPEN, (self._newest,))}
        for run in self._runs.keys() - rows.keys():  # it has ended, or its process is gone
            rows.update({row[0]: row for row in database.query(_ONE, (run,))})
        for run, (_, status, duration_s, started_at, pid) in rows.items():
            self._newest = max(self._newest, run)
            known = self._runs.setdefault(run, Followed())
            told = list(self._nodes(database, run, known))
            if told:
                yield {"kind": "nodes", "run": run, "nodes": told}
            if status != known.status:
                known.status = status
                about = {"status": status, "duration_s": duration_s, "started_at": started_at, "pid": pid}
                yield {"kind": "run", "run": run, **about}
            if status != "running":
                del self._runs[run]
                self.began = {key: at for key, at in self.began.items() if key[0] != run}
        others = database.query(_OTHERS)[0]
        if others != self._others and not rows:
            yield {"kind": "other"}  # a tag, an alias, a deletion, or what was pulled
        self._others = others

    def _nodes(self, database: Database, run: str, known: Followed) -> Iterator[Change]:
        for row in database.query(_NODES, (run,)):
            node, told = row[0], row[1:]
            if known.nodes.get(node) == told:
                continue
            known.nodes[node] = told
            action, status, duration_s, ended_at, reasons, error = told
            change = {"name": node, "action": action, "status": status, "duration_s": duration_s}
            change |= {"reasons": json.loads(reasons), "error": json.loads(error) if error else None}
            if status == "running":
                ended_at = None
                change["began_at"] = self.began.setdefault((run, node), time.time())
            yield {**change, "ended_at": ended_at}


class Feed:
    """Tells any number of listeners what a watcher sees; the ledger is read once for all of them.

    Args:
        watcher: what looks at the ledger.
        tidy: closes the runs whose process is gone; called now and then.
        stamp: returns another value when the project's code or configuration is another; called as often.
    """

    def __init__(self, watcher: Watcher, tidy: Callable[[], None], stamp: Callable[[], Any]) -> None:
        self._watcher = watcher
        self._tidy = tidy
        self._stamp = stamp
        self._stamped = stamp()
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._over = False

    async def work(self) -> None:
        """Look again and again, until cancelled."""
        tidied = time.monotonic()
        while True:
            began = time.perf_counter()
            with suppress(LedgerError):  # it was damaged and set aside, or is locked: the next look will tell
                for change in await asyncio.to_thread(self._watcher.look):
                    self._tell(json.dumps(change))
                if time.monotonic() - tidied > TIDY_S:
                    tidied = time.monotonic()
                    await asyncio.to_thread(self._tidy)
                    stamp = await asyncio.to_thread(self._stamp)
                    if stamp != self._stamped:
                        self._stamped = stamp
                        self._tell('{"kind": "project"}')
            pause = LOOK_S if self._listeners else ALONE_S
            await asyncio.sleep(max(pause, SHARE * (time.perf_counter() - began)))

    def end(self) -> None:
        """Let all listeners go."""
        self._over = True
        for queue in self._listeners:
            queue.put_nowait(None)

    async def listen(self) -> AsyncIterator[str]:
        """Yield changes as server-sent events; the first says that what was missed before is to be asked for."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield 'data: {"kind":"hello"}\n\n'
            while not self._over:
                try:
                    text = await asyncio.wait_for(queue.get(), QUIET_S)
                except asyncio.TimeoutError:
                    yield ": still here\n\n"
                    continue
                if text is None:
                    return
                yield f"data: {text}\n\n"
        finally:
            self._listeners.discard(queue)

    def _tell(self, text: str) -> None:
        for queue in self._listeners:
            if queue.qsize() < MOST_BEHIND:
                queue.put_nowait(text)
            elif queue.qsize() == MOST_BEHIND:
                queue.put_nowait(None)
