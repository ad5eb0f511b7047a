"""Content hashes behind what the system says about a file: a wrong one would be a wrong reuse."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.hashing import digest
from mlflow_tmpl.ledger import Ledger, stats
from mlflow_tmpl.ledger.stats import COARSE_NS, FINE_NS, FileHashes, FileStat

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO_NS = 1_600_000_000_123_456_789


def write(path: Path, text: str, mtime_ns: int | None = None) -> None:
    path.write_text(text)
    if mtime_ns is not None:
        os.utime(path, ns=(mtime_ns, mtime_ns))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read."""
    read: list[str] = []
    really = stats.digest_file

    def digest_file(path: Path) -> str:
        read.append(path.name)
        return really(path)

    monkeypatch.setattr(stats, "digest_file", digest_file)
    return read


def settle() -> None:
    """Wait until what was written is no longer within the clock's granularity."""
    time.sleep(3 * FINE_NS / 1e9)


def test_a_file_is_read_once_and_by_no_later_process(
    ledger: Ledger, tmp_path: Path, counted: list[str]
) -> None:
    write(tmp_path / "a", "one")
    settle()
    first = ledger.hashes(tmp_path / "a")
    assert ledger.hashes(tmp_path / "a") == first == digest("one")
    ledger.keep()
    assert Ledger(tmp_path).hashes(tmp_path / "a") == first
    assert counted == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no time of change")
def test_a_change_of_the_same_size_whose_time_was_put_back_is_noticed(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "a", "one", LONG_AGO_NS)
    settle()
    assert ledger.hashes(tmp_path / "a") == digest("one")
    write(tmp_path / "a", "two", LONG_AGO_NS)
    assert ledger.hashes(tmp_path / "a") == digest("two")


def test_a_file_that_took_the_place_of_another_is_noticed(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "a", "one", LONG_AGO_NS)
    write(tmp_path / "b", "two", LONG_AGO_NS)
    settle()
    assert ledger.hashes(tmp_path / "a") == digest("one")
    (tmp_path / "b").replace(tmp_path / "a")
    assert ledger.hashes(tmp_path / "a") == digest("two")


def test_a_file_written_a_moment_ago_is_read_again(tmp_path: Path, counted: list[str]) -> None:
    hashes = FileHashes(None)
    write(tmp_path / "a", "one")
    hashes(tmp_path / "a")
    hashes(tmp_path / "a")
    assert counted == ["a", "a"]


def test_a_file_from_the_future_is_never_believed(tmp_path: Path, counted: list[str]) -> None:
    hashes = FileHashes(None)
    write(tmp_path / "a", "one", time.time_ns() + 3600 * 10**9 + 1)
    settle()
    hashes(tmp_path / "a")
    hashes(tmp_path / "a")
    assert counted == ["a", "a"]


@pytest.mark.parametrize(
    ("mtime_ns", "age_ns", "stands"),
    [
        (1_000_000_000_000_000_001, FINE_NS + 1, True),
        (1_000_000_000_000_000_001, FINE_NS, False),
        (1_000_000_000_000_000_000, FINE_NS + 1, False),
        (1_000_000_000_000_000_000, COARSE_NS + 1, True),
    ],
)
def test_a_clock_of_whole_seconds_needs_more_distance(mtime_ns: int, age_ns: int, stands: bool) -> None:
    state = (3, mtime_ns, mtime_ns, 7)
    assert FileStat(state, mtime_ns + age_ns, "x").stands(state) is stands


def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, texts = stats.digest_file, ["two", "three"]

    def slow(path: Path) -> str:
        found = really(path)
        if texts:
            write(path, texts.pop(0))
        return found

    monkeypatch.setattr(stats, "digest_file", slow)
    write(tmp_path / "a", "one")
    assert FileHashes(None)(tmp_path / "a") == digest("three")


def test_a_file_that_never_holds_still_is_never_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    really = stats.digest_file

    def growing(path: Path) -> str:
        found = really(path)
        with path.open("a") as file:
            file.write("more")
        return found

    monkeypatch.setattr(stats, "digest_file", growing)
    hashes = FileHashes(None)
    write(tmp_path / "a", "one")
    assert hashes(tmp_path / "a") != hashes(tmp_path / "a")
    assert len(counted) == 2 * stats.TRIES


def test_an_empty_file_has_a_hash(tmp_path: Path) -> None:
    write(tmp_path / "a", "")
    assert FileHashes(None)(tmp_path / "a") == digest("")


def test_a_file_that_is_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileHashes(None)(tmp_path / "a")


def test_large_files_are_hashed_ahead_and_read_once(
    ledger: Ledger, tmp_path: Path, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "WORTHWHILE_BYTES", 3)
    for name in ("a", "b", "c", "d"):
        write(tmp_path / name, "x" if name == "d" else name * 3)
    settle()
    paths = [tmp_path / name for name in ("a", "b", "c", "d", "gone")]
    ledger.hashes.warm(paths)
    assert sorted(counted) == ["a", "b", "c"], "one that is gone or small waits until it is asked for"
    assert [ledger.hashes(path) for path in paths[:4]] == [
        digest(text) for text in ("aaa", "bbb", "ccc", "x")
    ]
    ledger.keep()
    again = Ledger(tmp_path)
    again.hashes.warm(paths)
    assert again.hashes(paths[0]) == digest("aaa")
    assert len(counted) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_stands_for_what_it_leads_to(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "one", "one", LONG_AGO_NS)
    write(tmp_path / "two", "two", LONG_AGO_NS)
    (tmp_path / "link").symlink_to(tmp_path / "one")
    settle()
    assert ledger.hashes(tmp_path / "link") == digest("one")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "two")
    assert ledger.hashes(tmp_path / "link") == digest("two")


def test_a_change_by_another_name_of_the_file_is_noticed(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "a", "one", LONG_AGO_NS)
    os.link(tmp_path / "a", tmp_path / "b")
    settle()
    assert ledger.hashes(tmp_path / "a") == digest("one")
    (tmp_path / "b").write_text("two")
    assert ledger.hashes(tmp_path / "a") == digest("two")
