"""What a dataset has on this machine, as objects of a store."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.errors import DamageError
from mlflow_tmpl.hashing import digest, digest_parts
from mlflow_tmpl.store import Offer, Shelf, Store
from mlflow_tmpl.store.contents import content_of, tree, tree_text, with_trees


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def parts(tmp_path):
    entry = {"type": "partitioned", "filepath": "parts", "dataset": "json", "suffix": ".json"}
    return Catalog.of({"parts": entry}, root=tmp_path)


def saved(catalog, **values):
    catalog.save("parts", values)
    return catalog.dataset("parts").fingerprint()


def loaded(catalog):
    return {name: part() for name, part in catalog.load("parts").items()}


def test_a_folder_is_kept_and_brought_back(parts, store):
    first = saved(parts, a=1, b=[2])
    shelf, dataset = Shelf(store), parts.dataset("parts")
    assert shelf.offer(dataset, first) is Offer.NONE
    assert shelf.keep(dataset, first)
    assert shelf.has(dataset, first)
    saved(parts, a=1, c=3)
    assert shelf.offer(dataset, first) is Offer.READY
    assert shelf.restore(dataset, first)
    assert loaded(parts) == {"a": 1, "b": [2]}
    assert dataset.fingerprint() == first


def test_partitions_that_stay_the_same_are_kept_once(parts, store):
    shelf, dataset = Shelf(store), parts.dataset("parts")
    for last in (1, 2, 3):
        assert shelf.keep(dataset, saved(parts, a="same", b=last))
    assert len(list(store.objects())) == 4
    assert len(list(store.trees.objects())) == 3


def test_a_folder_of_which_a_file_is_gone_is_not_offered(parts, store):
    shelf, dataset = Shelf(store), parts.dataset("parts")
    fingerprint = saved(parts, a=1, b=2)
    shelf.keep(dataset, fingerprint)
    store.remove(next(iter(tree(store, fingerprint).values())))
    saved(parts, a=9)
    assert shelf.offer(dataset, fingerprint) is Offer.NONE
    assert not shelf.restore(dataset, fingerprint)
    assert loaded(parts) == {"a": 9}


def test_a_damaged_file_leaves_the_folder_as_it_is(parts, store):
    shelf, dataset = Shelf(store), parts.dataset("parts")
    fingerprint = saved(parts, a=1, b=2)
    shelf.keep(dataset, fingerprint)
    store.path(tree(store, fingerprint)["b.json"]).write_bytes(b"damaged")
    saved(parts, a=9)
    with pytest.raises(DamageError, match="is damaged"):
        shelf.restore(dataset, fingerprint)
    assert loaded(parts) == {"a": 9}


def test_a_folder_that_has_changed_since_is_not_kept_under_the_old_hash(parts, store):
    before = saved(parts, a=1)
    saved(parts, a=2)
    assert not Shelf(store).keep(parts.dataset("parts"), before)
    assert list(store.trees.objects()) == []


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", ""])
def test_a_tree_from_elsewhere_never_leads_out_of_its_folder(parts, store, name):
    text = tree_text({name: store.put_bytes(b"1")})
    with store.trees.receiving(digest(text)) as path:
        path.write_text(text)
    dataset = parts.dataset("parts")
    assert Shelf(store).offer(dataset, digest(text)) is Offer.NONE
    with pytest.raises(DamageError, match="leads out of its folder"):
        Shelf(store).restore(dataset, digest(text))


@pytest.mark.parametrize("text", ["x", "3:ab", "5:a", "-1:a", "1:a1:", "1:a"])
def test_what_is_no_tree_is_refused(store, text):
    name = store.trees.put_bytes(text.encode())
    with pytest.raises(DamageError, match="is no tree"):
        tree(store, name)


NAMES = st.from_regex(r"[a-zé:0-9]{1,5}(/[a-z0-9:]{1,5}){0,2}", fullmatch=True)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(NAMES, st.binary().map(lambda data: digest(data)), max_size=5))
def test_a_tree_is_read_as_it_was_written_and_has_the_fingerprint_of_the_folder(files):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        name = store.trees.put_bytes(tree_text(files).encode())
        assert tree(store, name) == files
        assert name == digest_parts(part for pair in files.items() for part in pair)


def test_what_is_known_of_a_folder_holds_for_its_files(parts, store):
    first, second = saved(parts, a=1, b=2), None
    dataset, shelf = parts.dataset("parts"), Shelf(store)
    shelf.keep(dataset, first)
    second = saved(parts, a=1, c=3)
    shelf.keep(dataset, second)
    known = with_trees(store, {first: 1.0, second: 2.0}, max)
    both = {**tree(store, first), **tree(store, second)}
    assert {name: known[hashed] for name, hashed in both.items()} == {
        "a.json": 2.0,
        "b.json": 1.0,
        "c.json": 2.0,
    }


def test_a_dataset_without_a_place_on_this_machine_has_no_content(tmp_path):
    catalog = Catalog.of({"far": "memory://x.json", "value": {"type": "memory"}}, root=tmp_path)
    assert content_of(catalog.dataset("far")) is None
    assert content_of(catalog.dataset("value")) is None
