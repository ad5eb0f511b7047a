from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_tmpl.catalog import Catalog

Maker = "Callable[..., Catalog]"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (None, "catalog.yml:1: dataset 'x' must be a path or a mapping, but is empty"),
        (3, "catalog.yml:1: dataset 'x' must be a path or a mapping, but is a int"),
        (["a.csv"], "catalog.yml:1: dataset 'x' must be a path or a mapping, but is a list"),
        ({"layer": "raw"}, "catalog.yml:1: dataset 'x' has neither a type nor a filepath"),
        ({"type": "csv"}, "catalog.yml:1: dataset 'x' has no filepath"),
        ({"type": 3}, "catalog.yml:1:10: dataset 'x' must have a text for 'type', not 3"),
        (
            {"filepath": ["a.csv"]},
            "catalog.yml:1:10: dataset 'x' must have a text for 'filepath', not a list",
        ),
        (
            {"filepath": "a.csv", "load_args": "sep"},
            "catalog.yml:1:20: dataset 'x' must have a mapping for 'load_args'",
        ),
        (
            {"filepath": "s3://b/a.csv", "credentials": {"key": "k"}},
            "must have a text for 'credentials', not a mapping",
        ),
        (
            {"filepath": "a.csv", "load_arg": {}},
            "has a key 'load_arg' that its type does not know (did you mean 'load_args'?)",
        ),
        (
            {"type": "memory", "copy": "assign"},
            "catalog.yml:1:20: dataset 'x' cannot have copy: 'assign' (it is one of never, shallow, deep)",
        ),
        (
            {"type": "memory", "filepath": "a"},
            "a key 'filepath' that its type does not know (it may have type, copy, keep, schema, layer, role,",
        ),
    ],
)
def test_an_entry_of_the_wrong_shape_is_refused_where_it_stands(
    written_catalog: Callable[..., Catalog], entry: Any, message: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        written_catalog(x=entry).check()
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["a b", "x@y@z", "params:x", "parameters", "a/b", ""])
def test_a_name_that_no_dataset_may_have_is_refused(
    written_catalog: Callable[..., Catalog], name: str
) -> None:
    with pytest.raises(CatalogError, match="is no name for a dataset") as caught:
        written_catalog(**{name: "a.csv"}).check()
    assert caught.value.where == "catalog.yml:1"


def test_all_entries_are_checked_even_where_types_cannot_be_imported(
    written_catalog: Callable[..., Catalog],
) -> None:
    catalog = written_catalog(
        good="a.csv", foreign={"type": "no.such.Class", "any": 1}, odd="a.unknown", bad=3
    )
    with pytest.raises(CatalogError, match="dataset 'bad'"):
        catalog.check()


def test_any_key_may_stand_in_an_entry_of_a_foreign_class(written_catalog: Callable[..., Catalog]) -> None:
    written_catalog(x={"type": "no.such.Class", "table": "t", "load_args": {}}).check()


def test_objects_are_checked_by_name_too(catalog_of: Callable[..., Catalog]) -> None:
    from mlflow_tmpl.catalog import Memory

    with pytest.raises(CatalogError, match="'a b' is no name for a dataset"):
        catalog_of(**{"a b": Memory()}).check()


@pytest.mark.parametrize(
    "entry",
    [
        "data/x.csv",
        {"filepath": "data/x.csv"},
        {"type": "csv", "filepath": "data/x.csv"},
        {"type": "pandas.CSVDataset", "filepath": "./data/../data/x.csv", "load_args": None},
    ],
)
def test_one_dataset_is_described_in_one_way_however_it_is_written(
    catalog_of: Callable[..., Catalog], entry: Any
) -> None:
    assert catalog_of(x=entry).describe("x") == {
        "type": "csv",
        "filepath": "data/x.csv",
        "load_args": {},
        "save_args": {},
    }


def test_an_absolute_path_in_the_project_is_described_relative_to_it(
    catalog_of: Callable[..., Catalog], tmp_path: Any
) -> None:
    assert catalog_of(x=tmp_path / "data" / "x.csv").describe("x")["filepath"] == "data/x.csv"


def test_a_description_has_layer_and_metadata_and_no_secret(catalog_of: Callable[..., Catalog]) -> None:
    entry = {
        "filepath": "https://me:hush@host/x.csv",
        "credentials": "lake",
        "load_args": {"storage_options": {"key": "hush"}},
        "layer": "raw",
        "metadata": {"owner": "me", "token": "hush"},
    }
    described = catalog_of(x=entry).describe("x")
    assert "hush" not in str(described)
    assert "credentials" not in described
    assert (described["layer"], described["metadata"]["owner"]) == ("raw", "me")


def test_describing_a_foreign_class_imports_nothing(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x={"type": "no.such.Class", "table": "t", "api_key": "hush"})
    assert catalog.describe("x") == {"type": "no.such.Class", "table": "t", "api_key": "***"}
