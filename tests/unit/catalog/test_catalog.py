from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog, Memory
from mlflow_tmpl.errors import CatalogError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Given:
    def load(self) -> int:
        return 7

    def save(self, data: Any) -> None:
        pass


def test_what_is_saved_under_a_name_is_loaded_under_it(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    catalog = catalog_of(report="reports/r.json")
    catalog.save("report", {"a": 1})
    assert catalog.load("report") == {"a": 1}
    assert (tmp_path / "reports" / "r.json").exists()


def test_a_name_that_is_not_there_is_an_error_with_the_nearest_one(
    catalog_of: Callable[..., Catalog],
) -> None:
    for use in (Catalog.dataset, Catalog.load):
        with pytest.raises(CatalogError) as caught:
            use(catalog_of(penguins="p.csv"), "penguinz")
        assert str(caught.value) == "dataset 'penguinz' is not in the catalog (did you mean 'penguins'?)"


def test_a_catalog_behaves_as_a_collection_of_names(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(a="a.csv", **{"a@text": {"type": "text", "filepath": "a.csv"}}, b=Given())
    assert catalog.names == ("a", "a@text", "b") == tuple(catalog)
    assert len(catalog) == 3
    assert "a@text" in catalog
    assert "c" not in catalog


def test_a_dataset_is_built_once(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(a="a.csv")
    with ThreadPoolExecutor(8) as pool:
        built = list(pool.map(lambda _: catalog.dataset("a"), range(64)))
    assert len({id(dataset) for dataset in built}) == 1


def test_memory_is_what_is_undeclared_or_declared_so(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(
        a="a.csv",
        m={"type": "memory", "copy": "never"},
        k={"type": "MemoryDataset"},
        o=Memory(copy="deep"),
        g=Given(),
    )
    assert [catalog.is_memory(name) for name in ("undeclared", "m", "k", "o", "a", "g")] == [True] * 4 + [
        False
    ] * 2
    assert [catalog.copy_mode(name) for name in ("undeclared", "m", "k", "o", "a")] == [
        None,
        "never",
        None,
        "deep",
        None,
    ]
    assert catalog.describe("undeclared") == catalog.describe("k") == {"type": "memory"}
    assert catalog.describe("m") == catalog.dataset("m").describe() == {"type": "memory", "copy": "never"}
    assert not catalog.exists("m")
    assert not catalog.exists("undeclared")


def test_asking_whether_a_dataset_is_in_memory_imports_nothing(catalog_of: Callable[..., Catalog]) -> None:
    assert not catalog_of(x={"type": "no.such.Class"}).is_memory("x")


def test_a_dataset_in_memory_cannot_be_loaded_or_saved_outside_a_run(
    catalog_of: Callable[..., Catalog],
) -> None:
    catalog = catalog_of(m={"type": "memory"})
    with pytest.raises(
        DataError, match=r"dataset 'm' is kept in memory.*\(give it a filepath in the catalog\)"
    ):
        catalog.load("m")
    with pytest.raises(DataError, match="dataset 'm' is kept in memory and not saved"):
        catalog.save("m", 1)


def test_where_an_entry_stands_is_told(written_catalog: Callable[..., Catalog]) -> None:
    catalog = written_catalog(a="a.csv", b="b.csv")
    assert [catalog.where(name) for name in ("a", "b", "c")] == ["catalog.yml:1", "catalog.yml:2", ""]
    assert (
        Catalog.of({"a": "a.csv", "g": Given()}).where("a")
        == Catalog.of({"g": Given()}).where("g")
        == "<python>"
    )


def test_objects_with_load_and_save_are_datasets(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(g=Given())
    assert catalog.load("g") == 7
    assert catalog.exists("g")
    assert catalog.dataset("g").fingerprint() is None


def test_objects_without_them_are_refused() -> None:
    with pytest.raises(CatalogError, match=r"dataset 'x' is a object, which has no 'load' method"):
        Catalog.of({"x": object()})


def test_a_fingerprint_is_what_the_given_function_says(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hi")
    catalog = Catalog.of({"a": "a.txt"}, root=tmp_path, hash_file=lambda path: f"hash of {path.name}")
    assert catalog.dataset("a").fingerprint() == "hash of a.txt"


def test_one_place_written_in_several_ways_is_one_location(
    catalog_of: Callable[..., Catalog], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    ways = ["data/x.csv", "data/../data/x.csv", "link/x.csv", tmp_path / "data" / "x.csv"]
    catalog = catalog_of(**{f"w{number}": way for number, way in enumerate(ways)}, m={"type": "memory"})
    assert len({catalog.location(f"w{number}") for number in range(len(ways))}) == 1
    assert catalog.location("m") == catalog.location("undeclared") == ""


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Catalog.of({"a": "~/a.txt"}).save("a", "hi")
    assert (tmp_path / "a.txt").read_text() == "hi"


def test_a_catalog_can_be_sent_to_another_process(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(a="a.txt")
    catalog.save("a", "hi")
    assert pickle.loads(pickle.dumps(catalog)).load("a") == "hi"
    assert pickle.loads(pickle.dumps(catalog.dataset("a"))).load() == "hi"


def test_importing_and_checking_a_catalog_imports_no_library(tmp_path: Path) -> None:
    script = """
import sys
from mlflow_tmpl.catalog import Catalog, isolate
catalog = Catalog.of({"a": "a.csv", "b": "s3://x/b.parquet", "c": "c.yml", "d": {"type": "no.such.Class"}})
catalog.check()
[catalog.describe(name) for name in catalog]
catalog.dataset("a"), catalog.dataset("b"), isolate([1])
heavy = {"pandas", "numpy", "fsspec", "yaml", "pyarrow", "msgspec", "networkx", "matplotlib", "joblib"}
print(sorted(heavy & {*sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_checking_many_entries_is_cheap() -> None:
    import time

    catalog = Catalog.of({f"x{number}": {"filepath": f"data/{number}.csv"} for number in range(5_000)})
    start = time.process_time()
    catalog.check()
    assert time.process_time() - start < 1.0
