"""What people did to runs and versions: tags, aliases, pins, deletions; the latest event is the state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlflow_tmpl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow_tmpl.ledger.database import Database

TAG, ALIAS, PIN, DELETE, RESTORE = "tag", "alias", "pin", "delete", "restore"
"""Kinds of events; others may come, and nothing here minds them."""

RUNS = "runs"
"""Subject of the aliases of runs; those of versions have the dataset for theirs."""

STATE = """
    SELECT subject, name, value, actor, at FROM event AS latest WHERE kind = ? AND value IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM event AS later WHERE later.subject = latest.subject AND later.kind = latest.kind
        AND later.name = latest.name AND later.id > latest.id)"""
"""What stands of a kind of events: of each subject and name the latest, unless it takes back the one before."""

DELETED = f"SELECT substr(subject, 5) FROM ({STATE.replace('?', repr(DELETE))})"
"""The ids of the runs that are deleted."""

INSERT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LATEST = "SELECT id FROM event WHERE subject = ? AND kind = ? AND name = ? ORDER BY id DESC LIMIT 1"


def run_subject(run: str) -> str:
    """Return how events name a run."""
    return f"run:{run}"


def version_subject(dataset: str) -> str:
    """Return how events name a dataset."""
    return f"dataset:{dataset}"


class EventLog:
    """The events of a ledger; they are added and never changed, so two logs merge by adding what is missing.

    Args:
        database: where they lie.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: str, subject: str, name: str = "", value: str | None = "", reason: str = "") -> None:
        """Add an event.

        Args:
            kind: what was done.
            subject: to what.
            name: of the tag or alias.
            value: the new state; ``None`` takes back what was there.
            reason: why, in words.
        """
        from mlflow_tmpl.engine.identity import new_run_id
        from mlflow_tmpl.ledger.surroundings import actor

        latest = self._database.query(_LATEST, (subject, kind, name))
        replaces = latest[0][0] if latest else None
        event = new_run_id()
        if replaces is not None and event <= replaces:
            event = _next_after(replaces)
        row = (event, time.time(), actor(), kind, subject, name, value, reason, replaces)
        self._database.write([(INSERT, [row])])

    def tags(self, runs: Sequence[str] | None = None) -> dict[str, dict[str, str]]:
        """Return run -> tag -> value, of some runs or of all."""
        sql, values = f"{STATE} ORDER BY subject, name", [TAG]
        if runs is not None:
            marks = ", ".join("?" * len(runs))
            sql = f"{STATE} AND subject IN ({marks}) ORDER BY subject, name"
            values += map(run_subject, runs)
        found: dict[str, dict[str, str]] = {}
        for subject, name, value, *_ in self._database.query(sql, values):
            found.setdefault(subject.partition(":")[2], {})[name] = value
        return found

    def aliases(self, subject: str = RUNS) -> dict[str, str]:
        """Return alias -> what it names: the id of a run, or the fingerprint of a version."""
        rows = self._database.query(f"{STATE} AND subject = ? ORDER BY name", (ALIAS, subject))
        return {name: value for _, name, value, *_ in rows}

    def version_aliases(self) -> dict[str, dict[str, str]]:
        """Return dataset -> alias -> fingerprint, for all datasets."""
        found: dict[str, dict[str, str]] = {}
        for subject, name, value, *_ in self._database.query(STATE, (ALIAS,)):
            kind, _, dataset = subject.partition(":")
            if kind == "dataset":
                found.setdefault(dataset, {})[name] = value
        return found

    def pinned(self) -> set[str]:
        """Return the ids of the runs that are pinned."""
        return {subject.partition(":")[2] for subject, *_ in self._database.query(STATE, (PIN,))}

    def deleted(self) -> dict[str, tuple[str, float]]:
        """Return the ids of the runs that are deleted, with who did it and when."""
        rows = self._database.query(STATE, (DELETE,))
        return {subject.partition(":")[2]: (actor, at) for subject, _, _, actor, at in rows}

    def delete(self, runs: Sequence[str], reason: str = "") -> None:
        """Hide runs from lists and references; their records stay, and the deletion is shared like them.

        Raises:
            LedgerError: an alias or a pin names one of them; then none is deleted.
        """
        for run in runs:
            if names := self.names_of(run):
                raise LedgerError(
                    f"run {run[:13]!r} cannot be deleted: it is kept by {' and '.join(names)}",
                    hint="mlo runs alias --remove NAME and mlo runs pin --remove RUN let it go",
                )
        for run in runs:
            self.add(DELETE, run_subject(run), "", "deleted", reason)

    def undelete(self, runs: Sequence[str], reason: str = "") -> None:
        """Bring back runs that were deleted."""
        for run in runs:
            self.add(DELETE, run_subject(run), "", None, reason)

    def names_of(self, run: str) -> list[str]:
        """Return what keeps a run: the aliases and the pin that name it, or a version that it made."""
        named = [f"alias {name!r}" for name, known in self.aliases().items() if known == run]
        named += [f"alias {name!r} of its {dataset!r}" for dataset, name in self._aliases_of_outputs(run)]
        return named + (["a pin"] if run in self.pinned() else [])

    def _aliases_of_outputs(self, run: str) -> Iterable[tuple[str, str]]:
        """Yield dataset and alias of the versions that a run made and that are named."""
        for dataset, aliases in self.version_aliases().items():
            for name, fingerprint in aliases.items():
                made = self._database.query(
                    "SELECT 1 FROM result_io JOIN node_run ON node_run.result = result_io.result "
                    "WHERE dataset = ? AND fingerprint = ? AND direction = 'out' AND run = ? AND status = 'done'",
                    (dataset, fingerprint, run),
                )
                if made:
                    yield dataset, name


def _next_after(event: str) -> str:
    """Return the id that follows another (RFC 9562, section 6.2, method 2): within a millisecond ids have no order."""
    text = f"{int(event.replace('-', ''), 16) + 1:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def check_tag(text: str) -> tuple[str, str]:
    """Return key and value of a tag written ``key=value``.

    Raises:
        LedgerError: it is written otherwise, or the key is not legal.
    """
    import re

    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[\w.-]+", key):
        raise LedgerError(
            f"{text!r} is no tag", hint="write key=value; a key has letters, digits, '_', '.', '-'"
        )
    return key, value


def check_alias(name: str, known: Mapping[str, object] = {}) -> str:
    """Return a name that can stand for a run or a version.

    Raises:
        LedgerError: it cannot be told from the beginning of an id, or has characters that no name has.
    """
    import re

    if name in known:
        return name
    if not re.fullmatch(r"[\w.-]+", name) or re.fullmatch(r"last|now|[0-9a-f-]+", name):
        raise LedgerError(
            f"{name!r} is no name for a run or a version",
            hint="use letters, digits, '_', '.', '-', and what cannot be the beginning of an id",
        )
    return name
