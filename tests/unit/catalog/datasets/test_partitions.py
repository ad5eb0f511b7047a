from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_tmpl.errors import CatalogError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog

PARTS = {"type": "partitioned", "filepath": "parts", "dataset": "json"}


def loaded(catalog: Catalog, name: str = "x") -> dict[str, Any]:
    return {key: load() for key, load in catalog.load(name).items()}


def test_a_folder_is_a_mapping_of_what_loads_its_files(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(x=PARTS)
    catalog.save("x", {"b": [2], "2024/a": [1]})
    assert sorted(path.name for path in tmp_path.rglob("*.json")) == ["a.json", "b.json"]
    assert list(catalog.load("x")) == ["2024/a", "b"]
    assert loaded(catalog) == {"2024/a": [1], "b": [2]}


def test_nothing_is_loaded_before_it_is_asked_for(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog = catalog_of(x=PARTS)
    catalog.save("x", {"good": 1, "bad": 2})
    (tmp_path / "parts" / "bad.json").write_text("{")
    parts = catalog.load("x")
    assert parts["good"]() == 1
    with pytest.raises(DataError, match=r"dataset 'x\[bad\]' cannot be loaded from parts/bad\.json: "):
        parts["bad"]()


def test_values_are_made_when_their_turn_comes(catalog_of: Callable[..., Catalog]) -> None:
    order = []

    def make(name: str) -> str:
        order.append(name)
        return name

    catalog = catalog_of(x=PARTS, y={**PARTS, "filepath": "raw", "dataset": "pickle", "save_lazily": False})
    catalog.save("x", {"b": lambda: make("b"), "a": lambda: make("a")})
    assert order == ["b", "a"]
    assert loaded(catalog) == {"a": "a", "b": "b"}
    catalog.save("y", {"f": len})
    assert loaded(catalog, "y") == {"f": len}


def test_a_save_is_the_whole_folder_or_adds_to_it(catalog_of: Callable[..., Catalog]) -> None:
    kedro = {
        "type": "partitions.PartitionedDataset",
        "path": "parts",
        "dataset": {"type": "json.JSONDataset"},
    }
    catalog = catalog_of(
        x=PARTS, adds={**PARTS, "overwrite": False}, kedro={**kedro, "filename_suffix": ".json"}
    )
    catalog.save("x", {"a": 1, "b": 2})
    catalog.save("adds", {"b": 3, "c": 4})
    assert loaded(catalog) == {"a": 1, "b": 3, "c": 4}
    catalog.save("kedro", {"d": 5})
    assert loaded(catalog, "kedro") == {"a": 1, "b": 3, "c": 4, "d": 5}
    catalog.save("x", {"b": 6})
    assert loaded(catalog) == {"b": 6}


@pytest.mark.parametrize("overwrite", [True, False])
def test_one_value_that_cannot_be_saved_changes_nothing(
    catalog_of: Callable[..., Catalog], tmp_path: Path, overwrite: bool
) -> None:
    catalog = catalog_of(x={**PARTS, "overwrite": overwrite})
    catalog.save("x", {"a": 1})
    with pytest.raises(DataError, match=r"dataset 'x\[b\]' cannot be saved to parts/b\.json: "):
        catalog.save("x", {"a": 2, "b": object()})
    assert loaded(catalog) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


def test_chunks_are_mappings_and_are_saved_as_they_come(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x=PARTS)
    catalog.dataset("x").save_stream({name: name} for name in "abc")  # type: ignore[attr-defined]
    assert loaded(catalog) == {"a": "a", "b": "b", "c": "c"}
    with pytest.raises(DataError, match="partition 'a' came twice"):
        catalog.dataset("x").save_stream({name: name} for name in "aa")  # type: ignore[attr-defined]
    assert len(loaded(catalog)) == 3


@pytest.mark.parametrize("name", ["../a", "/a", ".a", "", "a/../../b", "a\\b", 7])
def test_a_name_that_leads_elsewhere_is_refused(
    catalog_of: Callable[..., Catalog], tmp_path: Path, name: Any
) -> None:
    with pytest.raises(DataError, match="is no name for a partition; it is a text like"):
        catalog_of(x=PARTS).save("x", {name: 1})
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_mapping_is_refused(catalog_of: Callable[..., Catalog]) -> None:
    with pytest.raises(
        DataError, match="dataset 'x' cannot be saved: a dict of partitions is needed, not list"
    ):
        catalog_of(x=PARTS).save("x", [1])


def test_the_fingerprint_is_that_of_what_was_saved(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(x=PARTS)
    dataset: Any = catalog.dataset("x")
    put = dataset.put({"a": 1})
    assert put == dataset.fingerprint() is not None
    assert dataset.put({"a": 2}) != put
    assert dataset.put({"b": 1}) != put
    assert dataset.put({"a": 1}) == put


def test_other_files_in_the_folder_are_no_partitions(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(x=PARTS)
    catalog.save("x", {"a": 1})
    (tmp_path / "parts" / "readme.txt").write_text("notes")
    assert list(catalog.load("x")) == ["a"]


def test_arguments_are_handed_to_the_files_format(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    inner = {"type": "csv", "save_args": {"sep": ";"}, "load_args": {"sep": ";"}}
    catalog = catalog_of(x={**PARTS, "dataset": inner, "suffix": ".csv.gz"})
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    catalog.save("x", {"one": frame})
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["one.csv.gz"]
    pd.testing.assert_frame_equal(catalog.load("x")["one"](), frame)
    head: Any = catalog.dataset("x").head  # type: ignore[attr-defined]
    assert len(head(1)) == 1


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {**PARTS, "dataset": "jsson"},
            r"the partitions' type 'jsson' tells no format \(did you mean 'json'\?\)",
        ),
        (
            {**PARTS, "dataset": {"type": "csv", "load_arg": {}}},
            r"a key 'load_arg' .* \(did you mean 'load_args'\?\)",
        ),
        ({"type": "partitioned", "filepath": "parts"}, "the partitions' suffix '' tells no format"),
        ({"type": "partitioned", "dataset": "json"}, "dataset 'x' has no filepath"),
        ({**PARTS, "overwrite": "no"}, "must have a flag for 'overwrite', not 'no'"),
        (
            {**PARTS, "sufix": ".x"},
            r"has a key 'sufix' that its type does not know \(did you mean 'suffix'\?\)",
        ),
    ],
)
def test_an_entry_that_cannot_work_is_refused(
    written_catalog: Callable[..., Catalog], entry: dict[str, Any], message: str
) -> None:
    with pytest.raises(CatalogError, match=message):
        written_catalog(x=entry).dataset("x")


def test_an_incremental_folder_gives_what_was_not_taken(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(all={**PARTS, "overwrite": False}, new={**PARTS, "type": "incremental"})
    new: Any = catalog.dataset("new")
    catalog.save("all", {"a": 1, "b": 2})
    assert loaded(catalog, "new") == {"a": 1, "b": 2}
    first = new.fingerprint()
    assert loaded(catalog, "new") == {"a": 1, "b": 2}, "not confirmed"
    new.confirm()
    assert loaded(catalog, "new") == {"a": 1, "b": 2}, "the newest batch is still this one"
    assert new.fingerprint() == first, "so that what took it is not run again"
    catalog.save("all", {"c": 3, "a": 1})
    assert new.fingerprint() != first
    assert loaded(catalog, "new") == {"c": 3}
    new.confirm()
    catalog.save("all", {"a": 7})
    assert loaded(catalog, "new") == {"a": 7}, "changed, so new"
    assert next((tmp_path / ".mlo" / "checkpoints").iterdir()).name.startswith("new-")


def test_what_comes_after_the_load_is_not_confirmed(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(all={**PARTS, "overwrite": False}, new={**PARTS, "type": "incremental"})
    new: Any = catalog.dataset("new")
    catalog.save("all", {"a": 1})
    catalog.load("new")
    catalog.save("all", {"b": 2})
    new.fingerprint()
    new.confirm()
    assert loaded(catalog, "new") == {"b": 2}
