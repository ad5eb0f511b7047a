from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlflow_tmpl.catalog.read_cache import Cache

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_not_read_for_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", largest_bytes=25)

    def kept(name: str) -> Path:
        return cache.path(f"s3://b/{name}.txt", "v1", lambda to: to.write_bytes(name.encode() * 10) and None)

    paths = [kept(name) for name in "ab"]
    for age, path in zip((200, 100), paths, strict=True):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age))
    assert kept("a") == paths[0], "read, and so the youngest"
    kept("c")
    assert paths[0].exists()
    assert not paths[1].exists()


def test_a_file_larger_than_the_cache_is_still_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", largest_bytes=5)
    path = cache.path("s3://b/x.bin", "v1", lambda to: to.write_bytes(b"0123456789") and None)
    assert path.read_bytes() == b"0123456789"
    assert path.suffix == ".bin"


def test_two_places_of_one_version_are_two_files(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    for name in ("one", "two"):
        path = cache.path(f"s3://{name}/x.bin", "v1", lambda to, name=name: to.write_text(name) and None)  # type: ignore[misc]
        assert path.read_text() == name
