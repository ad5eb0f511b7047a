"""Which run is meant: the beginning of its id, `last`, `last~2`, an alias, or a tag that only one run carries.

`last` is the newest run that was made here: what a colleague made is not what one means to go on with.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import LedgerError, did_you_mean
from mlflow_tmpl.ledger.events import DELETED, STATE, TAG, EventLog
from mlflow_tmpl.ledger.records import SHORT_ID
from mlflow_tmpl.ledger.schema import PULLED

if TYPE_CHECKING:
    from mlflow_tmpl.ledger.database import Database

LAST = "last"

_OWN = f"""
    SELECT id FROM run WHERE id NOT IN ({DELETED}) AND id NOT IN ({PULLED}) ORDER BY id DESC LIMIT 1 OFFSET ?"""

_MANY_DIGITS = 12
"""More runs than that there are not; SQLite takes numbers of 19 digits."""


def find_run(database: Database, reference: str) -> str:
    """Return the id of the run that is meant.

    Raises:
        LedgerError: there is no such run, it was deleted, or the reference means several.
    """
    reference = reference.strip()
    events = EventLog(database)
    back = _steps_back(reference)
    if back is not None:
        rows = database.query(_OWN, (back,))
        if not rows and database.query(f"{PULLED} LIMIT 1"):
            raise LedgerError(
                f"there is no run {reference!r} that was made here",
                hint="mlo runs list shows those that were pulled as well: give the beginning of an id",
            )
        return _only(database, reference, [row[0] for row in rows])
    aliases = events.aliases()
    if reference in aliases:
        return _only(database, reference, [aliases[reference]])
    found = _beginning_with(database, reference.lower()) if reference else []
    if not found:
        found = _tagged(database, reference)
        if len(found) > 1:
            raise _several(f"tag {reference!r} is carried by several runs", found, "name one of them")
    if len(found) > 1:
        raise _several(f"{reference!r} is the beginning of several runs", found, "give more of the id")
    return _only(database, reference, found)


def find_deleted(database: Database, reference: str) -> str:
    """Return the id of the deleted run that is meant.

    Raises:
        LedgerError: no run of that id was deleted, or several.
    """
    found = [run for run in EventLog(database).deleted() if run.startswith(reference.strip().lower())]
    if len(found) > 1:
        raise _several(
            f"{reference!r} is the beginning of several deleted runs", found, "give more of the id"
        )
    if not found:
        raise LedgerError(f"no run {reference!r} was deleted", hint="give the id that it had")
    return found[0]


def _steps_back(reference: str) -> int | None:
    word, tilde, back = reference.lower().partition("~")
    if word != LAST or (tilde and not (back.isdecimal() and len(back) < _MANY_DIGITS)):
        return None
    return int(back or 0)


def _beginning_with(database: Database, reference: str) -> list[str]:
    sql = f"SELECT id FROM run WHERE id >= ? AND id < ? AND (id = ? OR id NOT IN ({DELETED})) ORDER BY id DESC LIMIT 9"
    return [row[0] for row in database.query(sql, (reference, reference + "\x7f", reference))]


def _tagged(database: Database, reference: str) -> list[str]:
    """Return the runs that carry a tag: ``key=value``, or ``key`` alone whatever its value."""
    key, equals, value = reference.partition("=")
    sql = f"{STATE} AND name = ? {'AND value = ?' if equals else ''} ORDER BY subject DESC"
    rows = database.query(sql, (TAG, key, value) if equals else (TAG, key))
    deleted = EventLog(database).deleted() if rows else {}
    runs = [row[0].partition(":")[2] for row in rows]
    return [run for run in runs if run not in deleted]


def _only(database: Database, reference: str, found: list[str]) -> str:
    events = EventLog(database)
    deleted = events.deleted()
    if found and found[0] not in deleted:
        return found[0]
    if not found:
        # What was meant may be a deleted run: then say so, and who did it.
        found = [run for run in deleted if reference and run.startswith(reference.lower())][:1]
    if found:
        actor, at = deleted[found[0]]
        when = time.strftime("%Y-%m-%d", time.localtime(at))
        raise LedgerError(
            f"run {found[0][:SHORT_ID]!r} was deleted by {actor} on {when}",
            hint=f"mlo runs delete --undo {found[0]} brings it back",
        )
    near = did_you_mean(reference, events.aliases())
    raise LedgerError(f"there is no run {reference!r}", hint=near or "mlo runs list shows what there is")


def _several(problem: str, found: list[str], hint: str) -> LedgerError:
    some = ", ".join(run[: SHORT_ID + 6] for run in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return LedgerError(f"{problem}: {some}{more}", hint=hint)
