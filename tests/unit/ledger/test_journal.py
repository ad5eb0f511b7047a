"""What a run put down before it was killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.ledger.database import JOURNAL, Database
from mlflow_tmpl.ledger.journal import SILENT_S, Journal
from mlflow_tmpl.ledger.statements import NODE_RUN, RESULT, to_bytes

from .adding import add_run

if TYPE_CHECKING:
    from pathlib import Path

RUN = "01aa-1"

PUT_DOWN = """
import os, sys
from pathlib import Path
from mlflow_tmpl.ledger.journal import Journal
journal = Journal(Path(sys.argv[1]), sys.argv[2])
for piece in sys.argv[3:]:
    journal.add(bytes.fromhex(piece))
os._exit(9)
"""


def ended(node: str) -> bytes:
    """Return the rows of a node that has ended."""
    row = (
        RUN,
        node,
        "",
        1,
        "run",
        "done",
        f"of {node}",
        "[]",
        "inline",
        "here",
        1.0,
        1.0,
        None,
        None,
        None,
        None,
    )
    return to_bytes([(RESULT, (f"of {node}", "key", node, "{}", "{}", 1.0)), (NODE_RUN, row)])


def killed(root: Path, *pieces: bytes) -> Path:
    """Leave the journal of a process that is dead."""
    command = [sys.executable, "-c", PUT_DOWN, str(root / ".mlo"), RUN, *[piece.hex() for piece in pieces]]
    assert subprocess.run(command, check=False).returncode == 9
    return root / ".mlo" / f"{RUN}{JOURNAL}"


def results(ledger: Ledger) -> list[str]:
    return [row[0] for row in ledger.rows("SELECT node FROM result ORDER BY node")]


def nodes(ledger: Ledger) -> list[tuple[str, str]]:
    return ledger.rows("SELECT node, status FROM node_run ORDER BY node")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path)
    add_run(ledger, RUN)
    ledger.close()
    return tmp_path


def test_what_a_dead_run_put_down_is_taken_over_when_the_ledger_is_opened(root: Path) -> None:
    journal = killed(root, ended("a"), ended("b"))
    ledger = Ledger(root)
    assert nodes(ledger) == [("a", "done"), ("b", "done")]
    assert results(ledger) == ["a", "b"]
    assert not journal.exists()


def test_an_open_ledger_takes_it_over_before_it_calls_the_run_lost(root: Path) -> None:
    ledger = Ledger(root)
    row = (RUN, "a", "", 1, "run", "running", "", "[]", "inline", "here", None, None, None, None, None, None)
    ledger._database.write([(NODE_RUN, [row])])
    killed(root, ended("a"))
    ledger.leases.close_lost()
    assert nodes(ledger) == [("a", "done")]


def test_of_a_run_that_is_not_on_record_the_results_stand(root: Path) -> None:
    ledger = Ledger(root)
    ledger._database.write([("DELETE FROM run WHERE id = ?", [(RUN,)])])
    killed(root, ended("a"))
    ledger.leases.close_lost()
    assert (results(ledger), nodes(ledger)) == (["a"], [])


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_a_piece_that_was_being_written_is_left_out(root: Path, cut: int) -> None:
    journal = killed(root, ended("a"), ended("b"))
    os.truncate(journal, journal.stat().st_size - cut)
    assert results(Ledger(root)) == ["a"]
    assert not journal.exists()


def test_a_damaged_piece_and_what_follows_it_are_left_out(root: Path) -> None:
    journal = killed(root, ended("a"), ended("b"), ended("c"))
    content = bytearray(journal.read_bytes())
    content[content.index(b"of b")] ^= 1
    journal.write_bytes(content)
    assert results(Ledger(root)) == ["a"]


@pytest.mark.parametrize("content", [b"noise" * 100, b"\0" * 50])
def test_noise_is_no_journal(root: Path, content: bytes) -> None:
    journal = root / ".mlo" / f"{RUN}{JOURNAL}"
    journal.write_bytes(content)
    assert results(Ledger(root)) == []
    assert journal.exists(), "it may be just being made"
    long_ago = time.time() - SILENT_S - 1
    os.utime(journal, (long_ago, long_ago))
    assert results(Ledger(root)) == []
    assert not journal.exists()


def test_a_journal_of_another_form_is_not_taken_over(root: Path) -> None:
    journal = killed(root, ended("a"))
    whole = journal.read_bytes()
    other = Journal(root / ".mlo", "other")
    other._head = b"mlo 99 99"
    other.clear()
    other.close(remove=False)
    journal.write_bytes((root / ".mlo" / f"other{JOURNAL}").read_bytes() + whole)
    assert results(Ledger(root)) == []
    assert list((root / ".mlo").glob(f"*{JOURNAL}")) == []


def test_the_journal_of_a_living_run_is_left_alone(root: Path) -> None:
    journal = Journal(root / ".mlo", RUN)
    journal.add(ended("a"))
    assert results(Ledger(root)) == []
    assert (root / ".mlo" / f"{RUN}{JOURNAL}").exists()
    journal.close(remove=True)
    assert not Database(root / ".mlo" / "ledger.sqlite").has_journals()


def test_the_journal_of_a_run_that_cannot_be_seen_is_taken_over_when_it_is_silent_and_goes_with_the_run(
    root: Path,
) -> None:
    ledger = Ledger(root)
    journal = Journal(root / ".mlo", RUN)
    path = root / ".mlo" / f"{RUN}{JOURNAL}"
    journal._head = b"\n".join([*journal._head.split(b"\n")[:3], b"far", b"elsewhere/1"])
    journal.clear()
    journal.add(ended("a"))
    ledger.leases.take_over()
    assert results(ledger) == []
    long_ago = time.time() - SILENT_S - 1
    os.utime(path, (long_ago, long_ago))
    ledger._database.write([("UPDATE run SET status = 'running'", [()])])
    ledger.leases.take_over()
    assert (results(ledger), path.exists()) == (["a"], True)
    ledger._database.write([("UPDATE run SET status = 'lost'", [()])])
    ledger.leases.take_over()
    assert not path.exists()
    journal.close(remove=True)


def test_a_folder_that_was_removed_has_no_journals(root: Path) -> None:
    database = Database(root / ".mlo" / "ledger.sqlite")
    database.close()
    shutil.rmtree(root / ".mlo")
    assert not database.has_journals()


def test_a_journal_is_its_owners_alone(root: Path) -> None:
    journal = Journal(root / ".mlo", RUN)
    mode = (root / ".mlo" / f"{RUN}{JOURNAL}").stat().st_mode & 0o777
    journal.close(remove=True)
    assert sys.platform == "win32" or mode == 0o600
