"""A store that others can reach too, on a disk, in memory and on a real S3 server."""

from __future__ import annotations

import pytest

from mlflow_tmpl.errors import StoreError
from mlflow_tmpl.store.shared import SharedStore
from tests.unit.catalog.servers import s3, s3_server, sftp  # noqa: F401  (fixtures)


@pytest.fixture(params=["folder", "file", "memory", "s3", "sftp"])
def shared(request, tmp_path):
    """Return a fresh shared store of each kind."""
    if request.param in ("s3", "sftp"):
        server = request.getfixturevalue(request.param)
        return SharedStore(f"{server.url}/team", server.options)
    urls = {
        "folder": str(tmp_path / "team"),
        "file": (tmp_path / "team").as_uri(),
        "memory": f"memory://{tmp_path.name}/team",
    }
    return SharedStore(urls[request.param])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"content")
    return path


def test_what_is_put_there_is_found_and_fetched(shared, file, tmp_path):
    assert shared.names("runs") == []
    assert not shared.has("runs/one")
    shared.put("runs/one", file)
    assert shared.names("runs") == ["one"]
    assert shared.has("runs/one")
    assert shared.get("runs/one", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"content"


def test_what_is_not_there_is_said(shared, file, tmp_path):
    assert not shared.get("runs/one", tmp_path / "target")
    shared.put("runs/two", file)
    assert not shared.get("runs/one", tmp_path / "target")


def test_putting_it_again_changes_nothing_and_leaves_nothing_else(shared, file):
    shared.put("objects/ab/cd", file)
    shared.put("objects/ab/cd", file)
    assert shared.names("objects/ab") == ["cd"]


def test_what_others_put_there_is_seen_at_once(shared, file):
    shared.put("runs/one", file)
    assert shared.names("runs") == ["one"]
    other = SharedStore(shared._url, shared._options)
    other.put("runs/two", file)
    assert sorted(shared.names("runs")) == ["one", "two"]


def test_a_kind_of_url_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(StoreError) as caught:
        SharedStore("nowhere://bucket").names("runs")
    assert str(caught.value).startswith(
        "the shared store 'nowhere://bucket' cannot be read: Protocol not known"
    )
    assert "a folder, or a URL that fsspec knows" in caught.value.hint


def test_secrets_are_not_in_errors(tmp_path):
    (tmp_path / "in the way").write_text("")
    shared = SharedStore(f"nowhere://me:hush-hush@host/{tmp_path}", {"password": "hush-hush"})
    with pytest.raises(StoreError) as caught:
        shared.has("runs/one")
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(shared)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path, file):
    shared = SharedStore(str(file))
    with pytest.raises(StoreError, match="cannot be written"):
        shared.put("runs/one", file)


def test_wrong_credentials_are_told_without_them(s3):  # noqa: F811
    shared = SharedStore("s3://no-such-bucket/team", {**s3.options, "secret": "hush-hush"})
    with pytest.raises(StoreError) as caught:
        shared.put("runs/one", __import__("pathlib").Path(__file__))
    assert "'s3://no-such-bucket/team' cannot be written" in str(caught.value)
    assert "hush" not in str(caught.value)
