"""Reading all of a store finds any bit that has flipped."""

from __future__ import annotations

import pytest

from mlflow_tmpl.store import Store
from mlflow_tmpl.store.verifying import verify


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_a_whole_store_has_nothing_to_tell(store):
    for number in range(5):
        store.put_bytes(b"x" * number)
    checked = verify(store)
    assert (checked.count, checked.size, checked.damaged) == (5, 10, ())


@pytest.mark.parametrize("bit", range(0, 64, 9))
def test_any_flipped_bit_is_found_and_set_aside(store, bit):
    good, bad = store.put_bytes(b"abcdefgh"), store.put_bytes(b"stuvwxyz")
    content = bytearray(b"stuvwxyz")
    content[bit // 8] ^= 1 << bit % 8
    store.path(bad).write_bytes(content)
    assert verify(store).damaged == ((bad, store.root / "damaged" / bad),)
    assert (store.root / "damaged" / bad).read_bytes() == content
    assert store.has(good)
    assert not store.has(bad)
    assert verify(store).damaged == ()


def test_a_truncated_object_is_found(store):
    name = store.put_bytes(b"abcdefgh")
    store.path(name).write_bytes(b"abcd")
    assert [digest for digest, _ in verify(store).damaged] == [name]


def test_what_was_pulled_is_read_too(store):
    from mlflow_tmpl.hashing import digest

    with store.receiving(digest("x")) as path:
        path.write_text("x")
    store.path(digest("x")).write_text("y")
    assert [name for name, _ in verify(store).damaged] == [digest("x")]
