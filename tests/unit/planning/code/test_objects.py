from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.planning.code import objects
from mlflow_tmpl.planning.code.objects import modules_in, names_in, packages_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zlib": zlib.compress,
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("packed", PACKED)
def test_the_classes_of_a_pickle_are_found(tmp_path: Path, protocol: int, packed: str) -> None:
    file = tmp_path / "it.pkl"
    file.write_bytes(PACKED[packed](pickle.dumps([OrderedDict(a=1)], protocol)))
    found = modules_in(file, ["collections", "proj"])
    assert found is not None
    assert any(text.startswith("collections") for text in found)
    assert names_in(file, ["OrderedDict", "Counter"]) == ("OrderedDict",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_packages_of_a_pickle_are_found(tmp_path: Path, protocol: int) -> None:
    import pandas

    frame = pandas.DataFrame({"numpy": [1.5], "yaml": ["x"]})
    file = tmp_path / "it.pkl"
    file.write_bytes(pickle.dumps({"frame": frame}, protocol))
    found = packages_in(file, {"pandas", "numpy", "blosc"}.__contains__)
    assert found == ("numpy", "pandas")


def test_the_packages_of_a_pickle_whose_memo_was_taken_out_are_found(tmp_path: Path) -> None:
    import pickletools

    import pandas

    file = tmp_path / "it.pkl"
    file.write_bytes(pickletools.optimize(pickle.dumps(["key", pandas.Timestamp(0)], 4)))
    assert packages_in(file, {"pandas"}.__contains__) == ("pandas",)


def test_a_name_across_two_pieces_of_a_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_CHUNK_BYTES", 16)
    file = tmp_path / "it.pkl"
    file.write_bytes(b"." * 10 + b"proj.models.deep" + b"." * 10)
    assert "proj.models.deep" in (modules_in(file, ["proj"]) or ())


@pytest.mark.parametrize(
    "content", [b"\x28\xb5\x2f\xfdzstd", b"PK\x03\x04", gzip.compress(b"cut off", mtime=0)[:-9]]
)
def test_what_cannot_be_unpacked_is_said_to_be_unknown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "it.pkl"
    file.write_bytes(content)
    assert modules_in(file, ["proj"]) is None
    assert packages_in(file, {"proj"}.__contains__) is None


def test_a_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    assert names_in(tmp_path / "none.pkl", ["A"]) is None
    assert any_of(modules_in, tmp_path) is None


def any_of(look: Any, folder: Path) -> Any:
    return look(folder, ["proj"])
