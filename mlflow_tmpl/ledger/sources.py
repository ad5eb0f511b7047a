"""The text of a project's own files as they were in a run, each kept once under the hash of its content."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from mlflow_tmpl.ledger.database import Database

SOURCE = "INSERT OR IGNORE INTO source VALUES (?, ?)"
_AT_A_TIME = 400


def pack(text: bytes) -> bytes:
    """Return a text as a row holds it."""
    return zlib.compress(text, 6)


def known_sources(database: Database, ids: Iterable[str]) -> set[str]:
    """Return those of some hashes whose text is kept."""
    wanted, known = list(ids), set[str]()
    for start in range(0, len(wanted), _AT_A_TIME):
        some = wanted[start : start + _AT_A_TIME]
        sql = f"SELECT id FROM source WHERE id IN ({', '.join('?' * len(some))})"
        known.update(row[0] for row in database.query(sql, some))
    return known


def source_text(database: Database, source: str) -> bytes | None:
    """Return the text of a hash, ``None`` if it is not kept."""
    rows = database.query("SELECT text FROM source WHERE id = ?", (source,))
    if not rows:
        return None
    kept = rows[0][0]
    return kept.encode() if isinstance(kept, str) else zlib.decompress(kept)


def take_over(database: Database, source: str, text: bytes) -> bool:
    """Keep a text that came from elsewhere; tell whether its hash is what it has to be, else it is not taken."""
    if digest(text) != source:
        return False
    database.write([(SOURCE, [(source, pack(text))])])
    return True


def new_sources(
    files: Mapping[str, Path], hashes: Mapping[str, str], known: set[str]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Yield statement and row for each file whose text is not kept yet; one that was edited meanwhile is left out."""
    for name, path in files.items():
        if hashes.get(name) and hashes[name] not in known:
            try:
                text = path.read_bytes()
            except OSError:
                continue
            if digest(text) == hashes[name]:
                yield SOURCE, (hashes[name], pack(text))
