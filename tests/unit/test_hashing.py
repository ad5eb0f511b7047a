from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl import hashing
from mlflow_tmpl.hashing import DIGEST_BYTES, PARALLEL_BYTES, PIECE_BYTES, digest, digest_file, digest_parts

if TYPE_CHECKING:
    from pathlib import Path


@given(st.binary())
def test_a_digest_is_the_beginning_of_blake3(data: bytes) -> None:
    assert digest(data) == blake3(data).hexdigest()[: 2 * DIGEST_BYTES]


@given(st.text())
def test_a_text_is_hashed_as_utf8(text: str) -> None:
    assert digest(text) == digest(text.encode())


@given(st.lists(st.text(max_size=4), max_size=5), st.lists(st.text(max_size=4), max_size=5))
def test_two_sequences_have_one_digest_only_if_they_are_equal(one: list[str], other: list[str]) -> None:
    assert (digest_parts(one) == digest_parts(other)) == (one == other)


@pytest.mark.parametrize(
    "split", [(["ab", "c"], ["a", "bc"]), (["1:a"], ["a"]), (["", ""], [""]), ([], [""])]
)
def test_parts_cannot_be_shifted_into_each_other(split: tuple[list[str], list[str]]) -> None:
    assert digest_parts(split[0]) != digest_parts(split[1])


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, PARALLEL_BYTES + 1])
def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path, size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    (tmp_path / "x").write_bytes(data[:size])
    assert digest_file(tmp_path / "x") == digest(data[:size])


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hashing.digest_file(tmp_path / "x")


CUT_SHORT = """
import sys, threading, time
from pathlib import Path
from mlflow_tmpl.hashing import digest_file

path = Path(sys.argv[1])
path.write_bytes(b"x" * (16 << 20))
over = threading.Event()

def cut():
    with open(path, "r+b") as file:
        while not over.is_set():
            file.truncate(0)
            time.sleep(0.001)
            file.truncate(16 << 20)
            time.sleep(0.001)

thread = threading.Thread(target=cut)
thread.start()
for _ in range(30):
    digest_file(path)
over.set()
thread.join()
"""


def test_a_file_that_is_cut_short_meanwhile_does_not_end_the_process(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CUT_SHORT, str(tmp_path / "x")], check=False)
    assert done.returncode == 0
