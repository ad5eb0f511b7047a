"""A store as a project's datasets see it: what it offers, what it keeps, what it brings back."""

from __future__ import annotations

import pickle

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.store import Offer, Shelf, Store


class Custom:
    """A dataset of a type that nobody knows."""

    def __init__(self, path):
        self.path = path

    def load(self):
        return None

    def save(self, data):
        pass


@pytest.fixture
def catalog(tmp_path):
    entries = {
        "table": "table.json",
        "model": "model.pkl",
        "far": "memory://far.json",
        "value": {"type": "memory"},
    }
    return Catalog.of({**entries, "custom": Custom(tmp_path / "custom")}, root=tmp_path)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def pulled(store, data):
    name = digest(data)
    with store.receiving(name) as path:
        path.write_bytes(data)
    return name


def test_what_was_saved_is_kept_and_brought_back(catalog, store):
    catalog.save("table", [1, 2])
    table, shelf = catalog.dataset("table"), Shelf(store)
    fingerprint = table.fingerprint()
    assert shelf.offer(table, fingerprint) is Offer.NONE
    assert shelf.keep(table, fingerprint)
    assert shelf.offer(table, fingerprint) is Offer.READY
    catalog.save("table", "another")
    assert shelf.restore(table, fingerprint)
    assert catalog.load("table") == [1, 2]


@pytest.mark.parametrize("name", ["far", "value", "custom"])
def test_what_is_no_file_of_this_machine_is_neither_kept_nor_offered(catalog, store, name):
    shelf, dataset = Shelf(store), catalog.dataset(name)
    assert not shelf.keep(dataset, digest("x"))
    assert shelf.offer(dataset, store.put_bytes(b"x")) is Offer.NONE
    assert not shelf.restore(dataset, digest("x"))


def test_what_has_changed_since_it_was_hashed_is_not_kept_under_the_old_hash(catalog, store):
    catalog.save("table", [1, 2])
    table = catalog.dataset("table")
    before = table.fingerprint()
    catalog.save("table", [3])
    assert not Shelf(store).keep(table, before)
    assert not store.has(before)


def test_what_is_larger_than_the_limit_is_not_kept(catalog, store):
    catalog.save("table", "x" * 100)
    table = catalog.dataset("table")
    assert not Shelf(store, largest_bytes=99).keep(table, table.fingerprint())
    assert Shelf(store, largest_bytes=200).keep(table, table.fingerprint())


def test_a_pulled_pickle_is_offered_only_where_the_project_trusts_the_store(catalog, store):
    name = pulled(store, pickle.dumps({"a": 1}))
    model = catalog.dataset("model")
    assert Shelf(store).offer(model, name) is Offer.UNTRUSTED
    assert Shelf(store, trusted=True).offer(model, name) is Offer.READY


def test_pulled_data_is_offered(catalog, store):
    assert Shelf(store).offer(catalog.dataset("table"), pulled(store, b"[1]")) is Offer.READY


def test_of_a_type_that_is_not_ours_nobody_knows_what_loading_runs(tmp_path, store):
    assert Shelf(store).offer(Custom(tmp_path / "custom"), pulled(store, b"x")) is Offer.UNTRUSTED


@pytest.mark.parametrize(
    ("entry", "offer"),
    [
        ({"type": "cloudpickle", "filepath": "x"}, Offer.UNTRUSTED),
        ({"type": "joblib", "filepath": "x"}, Offer.UNTRUSTED),
        ({"type": "torch", "filepath": "x"}, Offer.UNTRUSTED),
        ({"type": "npy", "filepath": "x", "load_args": {"allow_pickle": True}}, Offer.UNTRUSTED),
        ({"type": "npy", "filepath": "x"}, Offer.READY),
        ({"type": "parquet", "filepath": "x"}, Offer.READY),
    ],
)
def test_whatever_unpickles_needs_trust(tmp_path, store, entry, offer):
    dataset = Catalog.of({"it": entry}, root=tmp_path).dataset("it")
    assert Shelf(store).offer(dataset, pulled(store, b"x")) is offer


def test_a_pulled_pickle_that_is_made_here_too_is_trusted(catalog, store):
    catalog.save("model", {"a": 1})
    model = catalog.dataset("model")
    name = pulled(store, model.path.read_bytes())
    assert store.is_foreign(name)
    assert Shelf(store).keep(model, name)
    assert not store.is_foreign(name)
    assert Shelf(store).offer(model, name) is Offer.READY
    assert [found for found, _, _ in store.objects()] == [name]


def test_what_comes_under_a_wrong_name_is_refused(store):
    from mlflow_tmpl.errors import StoreError

    with (
        pytest.raises(StoreError, match="of the shared store is damaged"),
        store.receiving(digest("a")) as path,
    ):
        path.write_bytes(b"b")
    assert not store.has(digest("a"))
