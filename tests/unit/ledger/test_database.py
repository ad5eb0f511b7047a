"""The file of the ledger: laid out, damaged, too new, full, used by several."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.errors import LedgerError
from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.ledger.database import Database
from mlflow_tmpl.ledger.schema import SCHEMAS, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAST_THE_TABLES = 40 * 4096
"""Where a filled ledger has nothing but rows: what its tables are stands before."""

CODE = "INSERT INTO code VALUES (?, ?)"


def fill(path: Path, rows: int = 400) -> None:
    database = Database(path)
    database.write([(CODE, [(f"{row:040}", "x" * 500) for row in range(rows)])])
    database.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".mlo" / "ledger.sqlite"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_the_folder_is_its_owners_alone_and_never_committed(path: Path) -> None:
    Database(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_the_file_has_the_number_of_its_schema_and_a_log_of_its_own(path: Path) -> None:
    database = Database(path)
    assert database.query("PRAGMA user_version") == [(VERSION,)]
    assert database.query("PRAGMA journal_mode") == [("wal",)]
    tables = {name for (name,) in database.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {
        *("definition", "parameter", "environment", "code", "run", "node_run"),
        *("result", "result_io", "version", "file_stat"),
        *("event", "metric", "lease", "source", "kept", "pulled"),
    }


def test_a_ledger_of_an_older_schema_is_backed_up_then_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript(f"{SCHEMAS[0]}; PRAGMA user_version = 1; PRAGMA journal_mode = WAL")
    old.execute(CODE, ("an id", "its parts"))
    old.commit()
    old.close()
    database = Database(path)
    assert database.query("PRAGMA user_version") == [(VERSION,)]
    assert database.query("SELECT * FROM code") == [("an id", "its parts")]
    assert database.query("SELECT count(*) FROM event") == [(0,)]
    database.close()
    backup = sqlite3.connect(path.with_name("ledger.before-schema-2.sqlite"))
    assert backup.execute("PRAGMA user_version").fetchone() == (1,)
    assert backup.execute("SELECT * FROM code").fetchall() == [("an id", "its parts")]
    backup.close()


def test_a_new_ledger_has_nothing_to_back_up(path: Path) -> None:
    Database(path).close()
    assert not list(path.parent.glob("*before*"))


def test_no_table_counts_its_rows_so_that_two_ledgers_merge(path: Path) -> None:
    database = Database(path)
    for name, sql in database.query("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        assert "WITHOUT ROWID" in sql, name


def test_a_ledger_of_a_newer_mlo_is_refused_and_left_alone(path: Path) -> None:
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(LedgerError) as caught:
        Database(path)
    assert caught.value.message == f"the ledger has schema {VERSION + 1}, and this mlo knows schema {VERSION}"
    assert caught.value.hint == "upgrade: pip install --upgrade mlflow-tmpl"
    assert [file.name for file in path.parent.glob("*damaged*")] == []


def noise(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a ledger at all, but long enough to be read as one" * 100)


def half(path: Path) -> None:
    fill(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


@pytest.mark.parametrize("damage", [noise, half])
def test_a_file_that_cannot_be_opened_is_set_aside_with_a_note(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    content = path.read_bytes()
    notes: list[str] = []
    database = Database(path, notes)
    assert database.query("SELECT count(*) FROM run") == [(0,)]
    (aside,) = path.parent.glob("ledger.damaged-*.sqlite")
    assert aside.read_bytes() == content
    (note,) = notes
    assert note.startswith("the ledger was damaged; it is set aside as ")
    assert note.endswith(", and a new one begins")
    assert aside.name in note


def test_damage_that_shows_while_reading_is_set_aside_and_the_next_one_begins_anew(path: Path) -> None:
    fill(path)
    with path.open("r+b") as file:
        file.seek(PAST_THE_TABLES)
        file.write(os.urandom(path.stat().st_size - PAST_THE_TABLES))
    database = Database(path)
    with pytest.raises(LedgerError) as caught:
        database.query("SELECT sum(length(parts)) FROM code")
    assert caught.value.message.startswith("the ledger is damaged: ")
    assert "set aside as" in caught.value.hint
    assert caught.value.hint.endswith("; run again")
    assert len(list(path.parent.glob("ledger.damaged-*.sqlite"))) == 1
    assert Database(path).query("SELECT count(*) FROM code") == [(0,)]


def test_a_connection_that_nobody_hears_notes_of_fails_where_it_finds_damage(path: Path) -> None:
    noise(path)
    with pytest.raises(LedgerError, match="the ledger is damaged: ") as caught:
        Database(path)
    (aside,) = path.parent.glob("ledger.damaged-*.sqlite")
    assert aside.name in caught.value.hint
    assert not path.exists()


def test_damage_that_two_connections_find_is_set_aside_once_and_not_what_began_after_it(path: Path) -> None:
    fill(path)
    first, second = Database(path), Database(path)
    problem = sqlite3.DatabaseError("database disk image is malformed")
    assert "as " in first._failed(problem).hint
    fill(path, rows=3)
    assert second._failed(problem).hint == "it is set aside; run again"
    assert Database(path).query("SELECT count(*) FROM code") == [(3,)]
    with pytest.raises(LedgerError, match="the ledger is damaged: "):
        first.query("SELECT 1")
    assert len(list(path.parent.glob("ledger.damaged-*.sqlite"))) == 1


def test_a_database_of_something_else_is_damage(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("CREATE TABLE birds (name)")
    connection.close()
    with pytest.raises(LedgerError, match="the ledger is damaged: no such table: run"):
        Database(path).query("SELECT * FROM run")


def test_a_full_disk_is_told_with_the_way_out_and_nothing_is_half_written(path: Path) -> None:
    database = Database(path)
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(LedgerError) as caught:
        database.write([(CODE, [(f"{row:040}", "x" * 500) for row in range(400)])])
    assert caught.value.message == "the ledger cannot be used: database or disk is full"
    assert caught.value.hint == "make room on the disk, then run again: what has finished is kept"
    assert database.query("SELECT count(*) FROM code") == [(0,)]


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / ".mlo").write_text("")
    with pytest.raises(LedgerError) as caught:
        Ledger(tmp_path)
    assert caught.value.message.startswith("the folder of the ledger cannot be made: ")
    assert caught.value.hint == "mlo keeps its records there: make the project's folder writable"


def test_a_folder_in_the_place_of_the_file_is_set_aside(path: Path) -> None:
    path.mkdir(parents=True)
    notes: list[str] = []
    assert Database(path, notes).query("SELECT * FROM run") == []
    assert len(notes) == 1
    assert notes[0].startswith("the ledger was damaged; it is set aside as ")
    assert next(path.parent.glob("ledger.damaged-*.sqlite")).is_dir()


def test_names_that_are_no_utf8_are_written_as_escapes(path: Path) -> None:
    database = Database(path)
    database.write([(CODE, [("plain", "ü"), ("odd", os.fsdecode(b"caf\xe9"))])])
    assert dict(database.query("SELECT id, parts FROM code")) == {"plain": "ü", "odd": "caf\\udce9"}


def test_a_batch_is_written_whole_or_not_at_all(path: Path) -> None:
    database = Database(path)
    with pytest.raises(LedgerError, match="UNIQUE constraint failed"):
        database.write([(CODE, [("a", "1")]), (CODE, [("a", "2")])])
    assert database.query("SELECT * FROM code") == []


OPEN_AND_WRITE = """
import sys
from pathlib import Path
from mlflow_tmpl.ledger.database import Database
database = Database(Path(sys.argv[1]))
for row in range(50):
    database.write([("INSERT INTO code VALUES (?, ?)", [(f"{sys.argv[2]}-{row}", "x")])])
"""


def test_processes_that_begin_at_once_share_a_new_ledger(path: Path) -> None:
    command = [sys.executable, "-c", OPEN_AND_WRITE, str(path)]
    running = [subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True) for n in range(6)]
    assert [process.communicate(timeout=60)[1] for process in running] == [""] * 6
    assert Database(path).query("SELECT count(*) FROM code") == [(300,)]
