"""Contents by their hash: complete or not there, and never another than the name says."""

from __future__ import annotations

import os

import pytest

from mlflow_tmpl.errors import StoreError
from mlflow_tmpl.hashing import digest, digest_file
from mlflow_tmpl.store import Store

ANYTHING = b"bill_length_mm\n39.1\n"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(ANYTHING)
    return path


def kept(store, path):
    name = digest_file(path)
    store.put_file(path, name)
    return name


def all_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_comes_back(store, file, tmp_path):
    name = kept(store, file)
    file.unlink()
    assert store.restore(name, tmp_path / "new" / "data.csv")
    assert (tmp_path / "new" / "data.csv").read_bytes() == ANYTHING
    assert store.read(name) == ANYTHING


@pytest.mark.parametrize(
    "data", [ANYTHING, bytearray(ANYTHING), memoryview(ANYTHING), [ANYTHING[:3], ANYTHING[3:]]]
)
def test_bytes_whole_or_in_pieces_have_the_hash_of_a_file(store, data):
    assert store.put_bytes(data) == digest(ANYTHING)
    assert store.read(digest(ANYTHING)) == ANYTHING


def test_what_is_there_is_not_written_again(store, file):
    name = kept(store, file)
    before = store.path(name).stat()
    kept(store, file)
    store.put_bytes(ANYTHING)
    after = store.path(name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("link_bytes", [0, 1 << 30])
def test_an_output_replaced_as_mlo_does_leaves_the_object_alone(tmp_path, file, link_bytes):
    store = Store(tmp_path / "store", link_bytes)
    name = kept(store, file)
    other = tmp_path / "other"
    other.write_bytes(b"new")
    other.replace(file)
    assert store.read(name) == ANYTHING


def test_a_small_file_changed_in_place_leaves_the_object_alone(store, file):
    name = kept(store, file)
    file.write_bytes(b"new")
    assert store.read(name) == ANYTHING


def test_a_linked_file_changed_in_place_is_found_out_and_never_served(tmp_path, file):
    store = Store(tmp_path / "store", link_bytes=0)
    name = digest_file(file)
    os.makedirs(tmp_path / "store" / "objects" / name[:2])
    os.link(file, tmp_path / "store" / "objects" / name[:2] / name[2:])
    file.write_bytes(b"changed in place")
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    with pytest.raises(StoreError, match="is damaged"):
        store.restore(name, target)
    assert target.read_bytes() == b"mine"
    assert not store.has(name)
    assert (tmp_path / "store" / "damaged" / name).read_bytes() == b"changed in place"


def test_a_flipped_bit_is_found_when_it_is_read(store, file):
    name = kept(store, file)
    content = bytearray(store.path(name).read_bytes())
    content[4] ^= 1
    store.path(name).write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        store.read(name)
    assert not store.has(name)
    kept(store, file)
    assert store.read(name) == ANYTHING


def test_what_is_not_there_is_said(store, tmp_path):
    assert not store.has(digest("x"))
    assert store.path(digest("x")) is None
    assert not store.restore(digest("x"), tmp_path / "x")
    assert not (tmp_path / "x").exists()
    with pytest.raises(StoreError, match="the store has no object '"):
        store.read(digest("x"))
    store.remove(digest("x"))


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "AB" * 20, "ab" * 19, "ab" * 20 + "\n"])
def test_nothing_but_a_digest_names_an_object(store, name, tmp_path):
    assert not store.has(name)
    assert not store.restore(name, tmp_path / "x")
    store.remove(name)
    with pytest.raises(ValueError, match="is no digest"):
        store.put_file(tmp_path, name)


def test_a_failed_write_leaves_nothing(store):
    def pieces():
        yield b"half"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        store.put_bytes(pieces())
    assert not all_files(store.root)


def test_leftovers_of_dead_processes_are_swept(store):
    store.put_bytes(b"x")
    from mlflow_tmpl.catalog.temporaries import temporary_name

    alive = store.root / "temporary" / temporary_name("object")
    dead = store.root / "temporary" / temporary_name("object").replace(f".{os.getpid()}-", ".999999999-")
    alive.write_bytes(b"half")
    dead.write_bytes(b"half")
    store.sweep()
    assert alive.exists()
    assert not dead.exists()


def test_objects_are_listed_with_their_sizes(store):
    names = {store.put_bytes(bytes([number]) * number): number for number in range(5)}
    assert {name: size for name, size, _ in store.objects()} == names
    first = min(names)
    store.remove(first)
    assert first not in [name for name, _, _ in store.objects()]


def test_restoring_over_a_file_keeps_its_permissions(store, file, tmp_path):
    name = kept(store, file)
    target = tmp_path / "target"
    target.write_bytes(b"old")
    target.chmod(0o640)
    assert store.restore(name, target)
    assert target.stat().st_mode & 0o777 == 0o640 or os.name == "nt"
