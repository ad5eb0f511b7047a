from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.versioned import is_version, version_after, version_at
from mlflow_tmpl.errors import CatalogError, DataError

OLD, NEW = "2020-01-01T00.00.00.000Z", "2021-01-01T00.00.00.000Z"
MOMENTS = st.floats(0, 4e9)


def versioned(catalog_of: Callable[..., Catalog], filepath: str = "d/x.txt") -> Catalog:
    return catalog_of(x={"filepath": filepath, "versioned": True})


def put(root: Path, version: str, text: str) -> None:
    file = root / "d/x.txt" / version / "x.txt"
    file.parent.mkdir(parents=True)
    file.write_text(text)


def names(catalog: Catalog) -> list[str]:
    place: Any = catalog.dataset("x")
    return list(place.place.versions())


@given(MOMENTS, MOMENTS)
def test_a_new_version_sorts_after_the_newest_whatever_the_clock_says(newest: float, now: float):
    version = version_after(version_at(newest), now)
    assert is_version(version)
    assert version > version_at(newest)
    assert version >= version_at(now)


@pytest.mark.parametrize("filepath", ["d/x.txt", "memory"])
def test_every_save_makes_a_version_and_the_newest_is_loaded(
    catalog_of: Callable[..., Catalog], filepath: str
):
    catalog = versioned(catalog_of, f"memory://{uuid4().hex}/x.txt" if filepath == "memory" else filepath)
    assert not catalog.exists("x")
    catalog.save("x", "one")
    catalog.save("x", "two")
    newest, first = names(catalog)
    assert catalog.load("x") == "two"
    assert catalog.variant(versions={"x": first}).load("x") == "one"
    assert newest > first


def test_versions_of_a_kedro_project_are_taken_as_they_are(
    catalog_of: Callable[..., Catalog], tmp_path: Path
):
    put(tmp_path, OLD, "old")
    put(tmp_path, NEW, "new")
    catalog = versioned(catalog_of)
    assert catalog.load("x") == "new"
    assert names(catalog) == [NEW, OLD]


def test_folders_that_are_no_versions_or_hold_no_file_do_not_count(
    catalog_of: Callable[..., Catalog], tmp_path: Path
):
    put(tmp_path, OLD, "old")
    put(tmp_path, "zzz", "never newest")
    (tmp_path / "d/x.txt" / NEW).mkdir()
    catalog = versioned(catalog_of)
    assert catalog.load("x") == "old"
    catalog.save("x", "saved")
    assert catalog.load("x") == "saved"


def test_versions_of_equal_content_have_equal_fingerprints(catalog_of: Callable[..., Catalog]):
    catalog = versioned(catalog_of)
    assert catalog.put("x", "one") == catalog.put("x", "one") == catalog.dataset("x").fingerprint()
    assert (
        catalog.put("x", "two")
        != catalog.variant(versions={"x": names(catalog)[1]}).dataset("x").fingerprint()
    )


def test_a_save_that_fails_leaves_no_version(catalog_of: Callable[..., Catalog], tmp_path: Path):
    catalog = versioned(catalog_of)
    with pytest.raises(DataError, match="dataset 'x' cannot be saved to d/x"):
        catalog.save("x", 3)
    assert list((tmp_path / "d/x.txt").iterdir()) == []
    with pytest.raises(DataError, match="it has no version yet"):
        catalog.load("x")


def test_two_who_save_in_one_millisecond_make_two_versions(catalog_of: Callable[..., Catalog]):
    catalog = versioned(catalog_of)
    place: Any = catalog.dataset("x")
    with place.place.writing() as one, place.place.writing() as other:
        assert one.parent != other.parent
        one.write_text("one")
        other.write_text("other")
    assert len(names(catalog)) == 2


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (NEW.replace("2021", "2022"), "has no version '2022-01-01T00.00.00.000Z' (did you mean"),
        ("last", "has no version 'last' (the newest is '2021-01-01T00.00.00.000Z')"),
    ],
)
def test_a_version_that_is_not_there_is_refused_with_the_nearest(
    catalog_of: Callable[..., Catalog], tmp_path: Path, version: str, message: str
):
    put(tmp_path, NEW, "new")
    catalog = versioned(catalog_of).variant(versions={"x": version})
    with pytest.raises(CatalogError) as caught:
        catalog.check_use(["x"], [])
    assert message in str(caught.value)
    assert not catalog.exists("x")


def test_a_plain_file_in_the_place_of_the_folder_is_refused(
    catalog_of: Callable[..., Catalog], tmp_path: Path
):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/x.txt").write_text("plain")
    for inputs, outputs in ((["x"], []), ([], ["x"])):
        with pytest.raises(CatalogError, match="is a file, and versions lie in a folder"):
            versioned(catalog_of).check_use(inputs, outputs)


def test_what_keeps_no_versions_has_none_to_choose(catalog_of: Callable[..., Catalog]):
    with pytest.raises(CatalogError, match="dataset 'x' keeps no versions"):
        catalog_of(x="x.txt").variant(versions={"x": NEW})
    with pytest.raises(CatalogError, match="must have true or false for 'versioned', not 'yes'"):
        catalog_of(x={"filepath": "x.txt", "versioned": "yes"}).check()
    with pytest.raises(CatalogError, match="has no 'load' method"):
        catalog_of(x={"type": "fractions.Fraction", "versioned": True}).dataset("x")
