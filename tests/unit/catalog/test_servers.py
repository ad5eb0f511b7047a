"""Datasets on real servers: S3, SFTP and HTTP."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl.catalog import Catalog, retries
from mlflow_tmpl.errors import CatalogError, DataError
from tests.unit.catalog.killing import kills, numbers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.catalog.servers import Store, Web

pytestmark = pytest.mark.network

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "ä"]})


@pytest.fixture(params=["s3", "sftp"])
def store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0.001)


def catalog_on(store: Store, root: Path, **entries: Any) -> Catalog:
    return Catalog.of(entries, root=root, credentials=store.credentials)


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet", "x.json"])
def test_data_goes_to_a_server_and_comes_back(store: Store, tmp_path: Path, name: str) -> None:
    catalog = catalog_on(store, tmp_path, x=store.entry(f"deep/{name}"))
    assert not catalog.exists("x")
    data = {"a": [1]} if name == "x.json" else FRAME
    catalog.save("x", data)
    catalog.save("x", data)
    assert str(catalog.load("x")) == str(data)
    assert store.names() == [f"deep/{name}"]


def test_a_failed_save_leaves_the_old_content_on_the_server(store: Store, tmp_path: Path) -> None:
    catalog = catalog_on(store, tmp_path, x=store.entry("x.json"))
    catalog.save("x", "old")
    with pytest.raises(DataError, match="cannot be saved to"):
        catalog.save("x", object())
    assert catalog.load("x") == "old"
    assert store.names() == ["x.json"]


def test_an_object_s_checksum_is_its_fingerprint(s3: Store, tmp_path: Path) -> None:
    catalog = catalog_on(s3, tmp_path, x=s3.entry("x.json"))
    prints = []
    for data in ("one", "two", "one"):
        catalog.save("x", data)
        prints.append(catalog.dataset("x").fingerprint())
    assert None not in prints
    assert prints[0] == prints[2] != prints[1]


def test_a_change_by_someone_else_is_seen_at_once(s3: Store, tmp_path: Path) -> None:
    catalog = catalog_on(s3, tmp_path, x=s3.entry("x.json"))
    catalog.save("x", "old")
    before = catalog.dataset("x").fingerprint()
    assert catalog.load("x") == "old"
    script = """
import sys, fsspec, json
fsspec.filesystem("s3", **json.loads(sys.argv[1])).pipe_file(sys.argv[2], b'"new"')
"""
    import json

    path = f"{s3.url}/x.json"
    subprocess.run([sys.executable, "-c", script, json.dumps(s3.options), path], check=True)
    assert catalog.dataset("x").fingerprint() != before
    assert catalog.load("x") == "new"


def test_size_and_time_count_only_where_that_is_declared(sftp: Store, tmp_path: Path) -> None:
    entries = {how: sftp.entry("x.json", fingerprint=how) for how in ("version", "stat", "content")}
    catalog = catalog_on(sftp, tmp_path, **entries)
    catalog.save("version", "some")
    told = {name: catalog.dataset(name).fingerprint() for name in catalog.names}
    assert told["version"] is None
    assert str(told["stat"]).startswith("stat:7:")
    local = catalog_on(sftp, tmp_path, x="x.json")
    local.save("x", "some")
    assert told["content"] == local.dataset("x").fingerprint()


def test_what_fingerprints_there_are_is_told(sftp: Store, tmp_path: Path) -> None:
    catalog = catalog_on(sftp, tmp_path, x=sftp.entry("x.json", fingerprint="mtime"))
    with pytest.raises(
        CatalogError, match=r"cannot have fingerprint: 'mtime' \(it is one of version, stat, content\)"
    ):
        catalog.dataset("x")


def test_a_wrong_password_is_told_and_not_shown(sftp: Store, tmp_path: Path) -> None:
    from tests.unit.catalog.servers import Store

    wrong = Store(sftp.url, {**sftp.options, "password": "wrong-password"})
    catalog = catalog_on(wrong, tmp_path, x=wrong.entry("x.json"))
    start = time.perf_counter()
    with pytest.raises(
        DataError, match=r"cannot be loaded from sftp://127.0.0.1/data/x.json: Permission denied"
    ) as caught:
        catalog.load("x")
    assert "wrong-password" not in str(caught.value)
    assert time.perf_counter() - start < 5


def test_a_broken_connection_is_made_anew(sftp: Store, tmp_path: Path) -> None:
    import fsspec

    catalog = catalog_on(sftp, tmp_path, x=sftp.entry("x.json"))
    catalog.save("x", "kept")
    system, _ = fsspec.core.url_to_fs(sftp.url, **sftp.options)
    system.client.close()
    assert catalog.load("x") == "kept"


def test_a_page_s_etag_is_its_fingerprint_unless_it_is_weak(web: Web, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    web.pages = {
        "/strong.json": (b'"x"', {"ETag": '"abc"'}),
        "/weak.json": (b'"x"', {"ETag": 'W/"abc"'}),
        "/none.json": (b'"x"', {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    }
    catalog = Catalog.of({name: f"{web.url}/{name}.json" for name in ("strong", "weak", "none")})
    assert catalog.load("strong") == "x"
    told = [catalog.dataset(name).fingerprint() for name in catalog.names]
    assert told == ["ETag:abc", None, None]


def test_what_may_pass_is_tried_again(web: Web) -> None:
    web.pages = {"/x.json": (b'"x"', {})}
    web.failures = [503, 429, 500]
    assert Catalog.of({"x": f"{web.url}/x.json"}).load("x") == "x"
    assert len(web.seen) >= 4


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_is_not_asked_for_again(web: Web, status: int) -> None:
    web.pages = {"/x.json": (b'"x"', {})}
    web.failures = [status] * 20
    with pytest.raises(
        DataError, match=r"dataset 'x' cannot be loaded from http://127\.0\.0\.1:\d+/x\.json: "
    ):
        Catalog.of({"x": f"{web.url}/x.json"}).load("x")
    assert len(web.seen) <= 2


def test_tries_are_bounded(web: Web) -> None:
    web.failures = [503] * 100
    with pytest.raises(DataError, match="the server answered 503"):
        Catalog.of({"x": f"{web.url}/x.json"}).load("x")
    assert retries.ATTEMPTS <= len(web.seen) <= 2 * retries.ATTEMPTS


def test_a_page_cannot_be_an_output(web: Web) -> None:
    catalog = Catalog.of({"x": f"{web.url}/x.json"})
    with pytest.raises(CatalogError, match=r"dataset 'x' cannot be saved to .*: http can only be read"):
        catalog.check_use([], ["x"])


def test_a_cached_file_is_fetched_once_for_each_version(web: Web, tmp_path: Path) -> None:
    catalog = Catalog.of({"x": {"filepath": f"{web.url}/x.json", "cache": True}}, root=tmp_path)
    for content, tag in ((b'"one"', '"1"'), (b'"two"', '"2"')):
        web.pages = {"/x.json": (content, {"ETag": tag})}
        web.seen.clear()
        for _ in range(3):
            assert catalog.load("x") == content.decode().strip('"')
        assert [method for method, *_ in web.seen].count("GET") == 1


def test_a_damaged_copy_is_fetched_again(web: Web, tmp_path: Path) -> None:
    web.pages = {"/x.json": (b'"right"', {"ETag": '"1"'})}
    catalog = Catalog.of({"x": {"filepath": f"{web.url}/x.json", "cache": True}}, root=tmp_path)
    assert catalog.load("x") == "right"
    (kept,) = (tmp_path / ".mlo" / "cache").iterdir()
    kept.write_bytes(b'"wrong"')
    assert catalog.load("x") == "right"


def test_a_file_without_a_version_is_fetched_each_time(web: Web, tmp_path: Path) -> None:
    catalog = Catalog.of({"x": {"filepath": f"{web.url}/x.json", "cache": True}}, root=tmp_path)
    for content in ("one", "two"):
        web.pages = {"/x.json": (f'"{content}"'.encode(), {})}
        assert catalog.load("x") == content


def test_a_library_that_needs_a_path_gets_one(s3: Store, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    catalog = catalog_on(s3, tmp_path, x=s3.entry("x.parquet"), y=s3.entry("x.parquet", type="duckdb"))
    catalog.save("x", FRAME)
    pd.testing.assert_frame_equal(catalog.load("y").df(), FRAME, check_dtype=False)


KILLS = 2


def test_a_writer_killed_while_it_uploads_leaves_whole_content(store: Store, tmp_path: Path) -> None:
    entry = store.entry("x.pkl")
    catalog = catalog_on(store, tmp_path, x=entry)
    for start in kills(KILLS, store, entry, tmp_path, numbers, random.Random(7), 0.1):
        content = catalog.load("x")
        assert len(content) == 100_001
        assert set(content) == {content[0]}
        assert content[0] >= start
        assert [name for name in store.names() if not name.startswith(".")] == ["x.pkl"]
