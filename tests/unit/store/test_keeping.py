from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlflow_tmpl.hashing import digest_file
from mlflow_tmpl.store import Store
from mlflow_tmpl.store import keeping as keeping_module
from mlflow_tmpl.store.keeping import Keeper
from mlflow_tmpl.store.kept import Kept, KeptValues, Lost
from mlflow_tmpl.store.packing import Unfit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONG_S = 60.0


class Index:
    """An index in memory."""

    def __init__(self) -> None:
        self.known: dict[str, Kept] = {}
        self.read: dict[str, float] = {}
        self.others: set[str] = set()

    def rows(self) -> Iterable[Kept]:
        return list(self.known.values())

    def add(self, rows: Collection[Kept]) -> None:
        self.known.update({row.fingerprint: row for row in rows})

    def used(self, fingerprints: Collection[str], at: float) -> None:
        self.read.update(dict.fromkeys(fingerprints, at))

    def forget(self, fingerprints: Collection[str]) -> None:
        for fingerprint in fingerprints:
            self.known.pop(fingerprint, None)

    def is_needed(self, digest: str) -> bool:
        return digest in self.others or any(row.digest == digest for row in self.known.values())


@pytest.fixture
def index() -> Index:
    return Index()


@pytest.fixture
def kept(tmp_path: Path, index: Index) -> KeptValues:
    return KeptValues(Store(tmp_path / "store"), index, digest_file)


def keep(kept: KeptValues, key: str, seconds: float = LONG_S, mode: str = "auto", **values: Any) -> bool:
    """Keep values of one node, and wait until they are written."""
    keeper = Keeper(kept, 1 << 30)
    bundle = keeper.appraiser.offer(values, dict.fromkeys(values, mode), seconds)
    taken = keeper.keep({name: f"key:{key}/{name}" for name in values}, bundle)
    keeper.close()
    return taken


def test_what_is_kept_can_be_read(kept: KeptValues, index: Index) -> None:
    assert keep(kept, "k", a=[1], b=np.arange(3))
    again = KeptValues(kept.store, index, digest_file)
    assert "key:k/a" in again
    assert again.is_whole("key:k/a")
    assert again.load("key:k/a") == [1]
    assert again.load("key:k/b").tolist() == [0, 1, 2]
    assert "key:k/c" not in again
    with pytest.raises(Lost):
        again.load("key:k/c")


def test_each_taker_reads_a_value_of_its_own(kept: KeptValues) -> None:
    keep(kept, "k", a=np.zeros(3))
    first = kept.load("key:k/a")
    first += 1
    assert kept.load("key:k/a").tolist() == [0, 0, 0]


def test_what_was_read_is_noted_at_the_end(kept: KeptValues, index: Index) -> None:
    keep(kept, "k", a=[1])
    kept.load("key:k/a")
    Keeper(kept).close()
    assert set(index.read) == {"key:k/a"}


def test_a_damaged_value_is_lost_and_stays_so(kept: KeptValues, index: Index) -> None:
    keep(kept, "k", a=[1])
    path = kept.store.path(index.known["key:k/a"].digest)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(bytes(reversed(path.read_bytes())))
    assert not kept.is_whole("key:k/a")
    with pytest.raises(Lost, match="cannot be read"):
        kept.load("key:k/a")
    assert "key:k/a" not in kept
    assert keep(kept, "k", a=[1])
    assert kept.load("key:k/a") == [1]


def test_a_value_that_was_cut_short_is_not_there(kept: KeptValues, index: Index) -> None:
    keep(kept, "k", a=np.arange(100))
    path = kept.store.path(index.known["key:k/a"].digest)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-8])
    assert "key:k/a" not in kept
    with pytest.raises(Lost):
        kept.load("key:k/a")


def test_a_value_whose_library_is_gone_is_lost(kept: KeptValues, index: Index) -> None:
    keep(kept, "k", a=[1])
    row = index.known["key:k/a"]
    index.add([Kept(row.fingerprint, row.digest, "a format of tomorrow", row.bytes, 1.0, 0.0, 0.0)])
    kept.refresh()
    with pytest.raises(Lost):
        kept.load("key:k/a")


def test_a_pickle_from_elsewhere_is_not_opened_and_an_array_is(tmp_path: Path, index: Index) -> None:
    kept = KeptValues(Store(tmp_path / "store"), index, digest_file, is_trusted=lambda _: False)
    keep(kept, "k", a=[1], b=np.arange(3))
    assert "key:k/a" not in kept
    with pytest.raises(Lost, match="is not there"):
        kept.load("key:k/a")
    assert kept.load("key:k/b").tolist() == [0, 1, 2]


def test_what_is_made_quickly_is_not_kept(kept: KeptValues, index: Index) -> None:
    assert not keep(kept, "k", 0.05, a=[1])
    assert not keep(kept, "k", 0.5, a=np.zeros(100 << 20, "u1"))
    assert not index.known


def test_what_is_never_to_be_kept_is_not(kept: KeptValues, index: Index) -> None:
    keeper = Keeper(kept, 1 << 30)
    assert keeper.appraiser.offer({"a": [1]}, {"a": "never"}, LONG_S) is None
    bundle = keeper.appraiser.offer({"a": [1], "b": [2]}, {"a": "never", "b": "auto"}, LONG_S)
    assert bundle is not None
    assert set(bundle.values) == {"b"}


def test_what_is_always_to_be_kept_is_kept_or_said_not_to_be(kept: KeptValues, index: Index) -> None:
    assert keep(kept, "k", 0.0, mode="always", a=Path("x"))
    assert kept.load("key:k/a") == Path("x")
    with pytest.raises(Unfit, match="cannot be pickled"):
        keep(kept, "l", 0.0, mode="always", a=lambda: 1)


def test_the_values_of_one_call_are_kept_together_or_not_at_all(kept: KeptValues, index: Index) -> None:
    assert not keep(kept, "k", a=[1], b=lambda: 1)
    assert not index.known


def test_a_new_call_takes_the_place_of_the_one_before_kept_or_not(kept: KeptValues, index: Index) -> None:
    keep(kept, "k", a=[1])
    old = index.known["key:k/a"].digest
    keep(kept, "k", a=[2])
    assert kept.load("key:k/a") == [2]
    assert not kept.store.has(old)
    keep(kept, "k", 0.0, a=[3])
    assert "key:k/a" not in kept
    assert not index.known


def test_an_object_that_something_else_needs_stays(kept: KeptValues, index: Index) -> None:
    keep(kept, "k", a=[1])
    keep(kept, "l", b=[1])
    digest = index.known["key:k/a"].digest
    assert index.known["key:l/b"].digest == digest
    kept.forget(["key:k/a"])
    assert kept.store.has(digest)
    index.others.add(digest)
    kept.forget(["key:l/b"])
    assert kept.store.has(digest)


def noise(seed: int, size: int = 1000) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def fill(kept: KeptValues, most: int, *offers: tuple[str, float, dict[str, Any]]) -> None:
    keeper = Keeper(kept, most)
    for key, seconds, values in offers:
        bundle = keeper.appraiser.offer(values, dict.fromkeys(values, "auto"), seconds)
        keeper.keep({name: f"key:{key}/{name}" for name in values}, bundle)
    keeper.close()


def test_what_saves_least_a_byte_goes_first(kept: KeptValues, index: Index) -> None:
    fill(kept, 3500, ("a", 30, {"x": noise(1)}), ("b", 10, {"x": noise(2)}), ("c", 20, {"x": noise(3)}))
    assert set(index.known) == {"key:a/x", "key:b/x", "key:c/x"}
    fill(kept, 3500, ("d", 25, {"x": noise(4)}))
    assert set(index.known) == {"key:a/x", "key:c/x", "key:d/x"}
    fill(kept, 3500, ("e", 5, {"x": noise(5)}))
    assert set(index.known) == {"key:a/x", "key:c/x", "key:d/x"}, "what saves less drives nothing out"


def test_what_is_larger_than_the_whole_room_drives_nothing_out(kept: KeptValues, index: Index) -> None:
    fill(kept, 3500, ("a", 1, {"x": noise(1)}))
    fill(kept, 3500, ("b", 1000, {"x": noise(2, 5000)}))
    assert set(index.known) == {"key:a/x"}
    fill(kept, 0, ("c", 1000, {"x": b""}))
    assert set(index.known) == {"key:a/x"}


def test_values_of_one_node_go_together(kept: KeptValues, index: Index) -> None:
    fill(kept, 3500, ("a", 10, {"x": noise(1), "y": noise(2, 100)}), ("b", 20, {"x": noise(3)}))
    fill(kept, 3500, ("c", 60, {"x": noise(4, 2000)}))
    assert set(index.known) == {"key:b/x", "key:c/x"}


def test_what_nobody_has_read_for_long_goes_first(kept: KeptValues, index: Index) -> None:
    fill(kept, 2500, ("a", 30, {"x": noise(1)}), ("b", 20, {"x": noise(2)}))
    old = index.known["key:a/x"]
    index.add([Kept(old.fingerprint, old.digest, old.format, old.bytes, 30, 0, time.time() - 30 * 86400)])
    kept.refresh()
    fill(kept, 2500, ("c", 10, {"x": noise(3)}))
    assert set(index.known) == {"key:b/x", "key:c/x"}


def test_the_room_is_a_tenth_of_the_free_disk_and_5_gb_at_most(
    kept: KeptValues, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "_free_bytes", lambda _: 9_000)
    keeper = Keeper(kept)
    keeper.keep({"x": "key:a/x"}, keeper.appraiser.offer({"x": noise(1)}, {"x": "auto"}, LONG_S))
    keeper.close()
    assert not index.known


def test_the_run_does_not_wait_long_at_its_end_and_nothing_is_left_half_written(
    kept: KeptValues, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Store.put_bytes

    def put(self: Store, data: Any) -> str:
        return slow(self, (piece for piece in data if time.sleep(0.5) is None))

    monkeypatch.setattr(Store, "put_bytes", put)
    keeper = Keeper(kept, 1 << 30)
    keeper.keep({"x": "key:a/x"}, keeper.appraiser.offer({"x": np.ones(10 << 20)}, {"x": "auto"}, LONG_S))
    start = time.perf_counter()
    keeper.close()
    assert time.perf_counter() - start < 20, "all of it would take forty seconds"
    assert not index.known
    assert not list(kept.store.objects())
    assert not list((kept.store.root / "temporary").iterdir())


def test_what_is_always_to_be_kept_is_waited_for(
    kept: KeptValues, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "LAST_S", 0.0)
    slow = Store.put_bytes
    monkeypatch.setattr(Store, "put_bytes", lambda self, data: time.sleep(0.2) or slow(self, data))
    assert keep(kept, "k", 0.0, mode="always", a=[1])
    assert set(index.known) == {"key:k/a"}


def test_too_much_on_its_way_is_dropped_and_the_run_does_not_wait(
    kept: KeptValues, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_module, "_queue_bytes", lambda: 3000)
    go, slow = Event(), Store.put_bytes
    monkeypatch.setattr(Store, "put_bytes", lambda self, data: go.wait() and slow(self, data))
    keeper = Keeper(kept, 1 << 30)
    taken = [
        keeper.keep({"x": f"key:{n}/x"}, keeper.appraiser.offer({"x": noise(n)}, {"x": "auto"}, LONG_S))
        for n in range(4)
    ]
    go.set()
    keeper.close()
    assert taken == [True, True, False, False]
    assert set(index.known) == {"key:0/x", "key:1/x"}


def test_a_full_disk_harms_nobody(kept: KeptValues, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Store, data: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "put_bytes", full)
    assert keep(kept, "k", a=[1])
    assert not index.known


def test_without_values_there_is_no_thread(kept: KeptValues) -> None:
    import threading

    before = threading.active_count()
    keeper = Keeper(kept)
    assert threading.active_count() == before
    keeper.close()
