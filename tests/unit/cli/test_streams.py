"""What may be written where."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl.cli.streams import Unbroken, print_document, unbroken_streams
from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


class Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


@pytest.mark.parametrize(
    "error", [BrokenPipeError(), OSError(5, "the terminal hung up"), ValueError("closed")]
)
def test_what_is_written_to_a_broken_stream_is_dropped(error: Exception) -> None:
    stream = Unbroken(Broken(error))
    assert stream.write("four") == 4
    assert stream.write("on it goes") == 10
    stream.flush()


def test_an_unbroken_stream_is_the_stream_in_all_else() -> None:
    inner = io.StringIO()
    stream = Unbroken(inner)
    stream.write("text")
    assert inner.getvalue() == "text"
    assert stream.isatty() is False


def test_streams_are_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with unbroken_streams():
        print("said")
        assert isinstance(sys.stdout, Unbroken)
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == "said\n"


def test_a_document_is_json_though_numbers_and_texts_are_none(tmp_path: Path) -> None:
    data = {"nan": math.nan, "list": [math.inf, -math.inf, 1.5], "name": os.fsdecode(b"caf\xe9"), "ü": True}
    with (tmp_path / "x.json").open("w", encoding="utf-8", errors="backslashreplace") as file:
        print_document(data, file)

    def refuse(text: str) -> None:
        raise AssertionError(text)

    told = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert told == {"nan": "nan", "list": ["inf", "-inf", 1.5], "name": "caf\udce9", "ü": True}


def test_a_document_whose_reader_left_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        print_document({}, stream)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_document_on_a_full_disk_is_an_error() -> None:
    with open("/dev/full", "w") as stream, pytest.raises(DataError) as caught:
        print_document({}, stream)
    assert caught.value.message == "the document cannot be written: No space left on device"
    assert caught.value.exit_code == 1
