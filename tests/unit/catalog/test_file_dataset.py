from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog, can_stream
from mlflow_tmpl.errors import DataError
from mlflow_tmpl.hashing import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_a_missing_file_is_told_in_the_terms_of_the_catalog(written_catalog: Callable[..., Catalog]) -> None:
    with pytest.raises(DataError) as caught:
        written_catalog(x="data/x.csv").load("x")
    assert (
        str(caught.value)
        == "catalog.yml:1: dataset 'x' cannot be loaded from data/x.csv: No such file or directory"
    )
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"", "No columns to parse from file"),
        ("x.json", b"{", "Expecting property name"),
        ("x.yml", b"a: [", "while parsing a flow"),
        ("x.pkl", b"junk", "cannot be loaded from x.pkl: "),
        ("x.parquet", b"junk", "Parquet"),
        ("x.xlsx", b"junk", "cannot be loaded from x.xlsx: "),
        ("x.csv.gz", b"junk", "gzip"),
        (
            "x.txt",
            b"\xff\xfe\xfa",
            "(save the file as UTF-8, or say what it is with load_args: {encoding: ...})",
        ),
    ],
)
def test_damaged_content_is_told_by_dataset_and_file(
    catalog_of: Callable[..., Catalog], tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        catalog_of(x=name).load("x")
    assert str(caught.value).startswith(f"<python>: dataset 'x' cannot be loaded from {name}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.csv", {"a": 1}, "a pandas DataFrame is needed, not dict"),
        ("x.parquet", [1], "a pandas DataFrame is needed, not list"),
        ("x.xlsx", 1, "a pandas DataFrame is needed, not int"),
        ("x.json", {"a": object()}, "a object has no form in JSON"),
        ("x.yml", object(), "cannot represent an object"),
        ("x.txt", 3, "text is needed, not int"),
        ("x.bin", "3", "bytes are needed, not str"),
        ("x.png", "3", "a matplotlib figure is needed, not str"),
        ("x.pkl", lambda: 1, "it holds what cannot be pickled, such as a lambda"),
        ("x.joblib", lambda: 1, "it holds what cannot be pickled, such as a lambda"),
    ],
)
def test_data_that_does_not_fit_is_refused_and_the_old_file_untouched(
    catalog_of: Callable[..., Catalog], tmp_path: Path, name: str, data: Any, message: str
) -> None:
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(DataError) as caught:
        catalog_of(x=name).save("x", data)
    assert str(caught.value).startswith(f"<python>: dataset 'x' cannot be saved to {name}: ")
    assert message in str(caught.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: b"old"}


def test_arguments_that_the_library_does_not_know_are_told(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"cannot be loaded from x.csv: .*'separator'"):
        catalog_of(x={"filepath": "x.csv", "load_args": {"separator": ";"}}).load("x")


def test_the_fingerprint_is_of_the_content(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hi")
    assert catalog_of(x="x.txt").dataset("x").fingerprint() == digest("hi")
    with pytest.raises(DataError, match=r"dataset 'y' cannot be read from y\.txt: No such file"):
        catalog_of(y="y.txt").dataset("y").fingerprint()


def test_a_dataset_exists_when_there_is_a_file(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog = catalog_of(x="x.txt", folder=".")
    assert not catalog.exists("x")
    catalog.save("x", "hi")
    assert catalog.exists("x")
    assert catalog.dataset("x").path == tmp_path / "x.txt"


def test_a_stream_is_appended_and_takes_the_file_s_place_at_its_end(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "x.txt").write_text("old")
    dataset = catalog_of(x="x.txt").dataset("x")

    def chunks() -> Iterator[str]:
        yield "a\n"
        assert (tmp_path / "x.txt").read_text() == "old"
        yield "b\n"

    assert can_stream(dataset)
    dataset.save_stream(chunks())
    assert dataset.load() == "a\nb\n"


def test_an_error_of_who_gives_the_chunks_passes_as_it_is(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    class OwnError(Exception):
        pass

    def chunks() -> Iterator[str]:
        yield "a"
        raise OwnError("of the node")

    with pytest.raises(OwnError, match="of the node"):
        catalog_of(x="x.txt").dataset("x").save_stream(chunks())
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_that_does_not_fit_is_the_dataset_s_error(catalog_of: Callable[..., Catalog]) -> None:
    with pytest.raises(DataError, match=r"dataset 'x' cannot be saved to x\.txt: text is needed, not int"):
        catalog_of(x="x.txt").dataset("x").save_stream(iter(["a", 1]))


def test_a_format_that_cannot_be_appended_to_says_so(catalog_of: Callable[..., Catalog]) -> None:
    dataset = catalog_of(x="x.json").dataset("x")
    assert not can_stream(dataset)
    message = "dataset 'x' cannot be saved to x.json chunk by chunk (give out the whole, or use csv, parquet,"
    with pytest.raises(DataError, match=re.escape(message)):
        dataset.save_stream(iter([]))
