from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog, FileDataset
from mlflow_tmpl.catalog.datasets import FORMATS, format_of_path
from mlflow_tmpl.config.values import Origin, Value, located
from mlflow_tmpl.errors import CatalogError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOREIGN = """
from pathlib import Path

class Lines:
    def __init__(self, filepath, sep="\\n", credentials=None):
        self.path, self.sep, self.credentials = Path(filepath), sep, credentials
    def load(self): return self.path.read_text().split(self.sep)
    def save(self, data): self.path.write_text(self.sep.join(data))
    def exists(self): return self.path.exists()

class Locked(Lines):
    def load(self): raise RuntimeError(f"wrong password {self.credentials['password']}")

class NoSave:
    def load(self): return 1

def function(): pass
"""


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a user's module with datasets."""
    (tmp_path / "own_datasets.py").write_text(FOREIGN)
    (tmp_path / "broken_datasets.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("own_datasets", "broken_datasets"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "own_datasets"


@pytest.mark.parametrize(
    ("kind", "name"),
    [(name, each.name) for each in FORMATS for name in (each.name, *each.aliases)],
)
def test_every_name_of_a_format_stands_for_it(
    catalog_of: Callable[..., Catalog], kind: str, name: str
) -> None:
    dataset = catalog_of(x={"type": kind, "filepath": "x"}).dataset("x")
    assert isinstance(dataset, FileDataset)
    assert dataset.format.name == name


@pytest.mark.parametrize(
    ("filepath", "name"),
    [
        ("x.csv", "csv"),
        ("a.b/x.CSV", "csv"),
        ("x.csv.gz", "csv"),
        ("x.json.bz2", "json"),
        ("s3://bucket/x.parquet?versionId=1", "parquet"),
        ("model.v1.pkl", "pickle"),
        ("x.yml", "yaml"),
        ("x.parquet.gz", None),
        ("x.gz", None),
        ("x", None),
        ("csv", None),
        ("dir.csv/x", None),
    ],
)
def test_the_suffix_tells_the_format(filepath: str, name: str | None) -> None:
    found = format_of_path(filepath)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("entry", "where", "message"),
    [
        (
            {"type": "cvs", "filepath": "x"},
            "catalog.yml:1:10",
            "has an unknown type 'cvs' (did you mean 'csv'?)",
        ),
        (
            {"type": "hologram", "filepath": "x"},
            "catalog.yml:1:10",
            "has an unknown type 'hologram' (there are csv, parquet,",
        ),
        (
            {"type": "pandas.CSVDataSet", "filepath": "x"},
            "catalog.yml:1:10",
            "(did you mean 'pandas.CSVDataset'?)",
        ),
        ({"type": "os.path.join"}, "catalog.yml:1:10", "has an unknown type 'os.path.join'"),
        (
            {"type": "no_such.Thing"},
            "catalog.yml:1:10",
            "which cannot be imported: No module named 'no_such'",
        ),
        ({"type": "..Thing"}, "catalog.yml:1:10", "has an unknown type '..Thing'"),
        (
            {"type": "broken_datasets.X"},
            "catalog.yml:1:10",
            "which cannot be imported: No module named 'no_such_package'",
        ),
        (
            {"type": "own_datasets.NoSave"},
            "catalog.yml:1",
            "dataset 'x' is a NoSave, which has no 'save' method",
        ),
        (
            {"type": "own_datasets.function"},
            "catalog.yml:1:10",
            "has an unknown type 'own_datasets.function'",
        ),
        (
            {"type": "own_datasets.Lines", "path": "x"},
            "catalog.yml:1",
            "cannot be made from 'own_datasets.Lines': Lines.__init__() got an unexpected",
        ),
        (
            "data/x.foo",
            "catalog.yml:1",
            "has a filepath whose suffix tells no type: 'data/x.foo' (give it a type: csv,",
        ),
    ],
)
def test_a_type_that_is_none_is_refused_where_it_stands(
    written_catalog: Callable[..., Catalog], foreign: str, entry: Any, where: str, message: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        written_catalog(x=entry).dataset("x")
    assert caught.value.where == where
    assert message in str(caught.value)


def test_a_foreign_class_is_constructed_with_the_other_keys(
    catalog_of: Callable[..., Catalog], foreign: str, tmp_path: Path
) -> None:
    catalog = catalog_of(x={"type": f"{foreign}.Lines", "filepath": "x.lines", "sep": ";", "layer": "raw"})
    assert not catalog.exists("x")
    catalog.save("x", ["a", "b"])
    assert (tmp_path / "x.lines").read_text() == "a;b"
    assert catalog.load("x") == ["a", "b"]
    assert catalog.describe("x") == catalog.dataset("x").describe()
    assert catalog.describe("x")["layer"] == "raw"


def test_what_a_foreign_class_raises_names_the_dataset(
    catalog_of: Callable[..., Catalog], foreign: str
) -> None:
    catalog = catalog_of(x={"type": f"{foreign}.Lines", "filepath": "missing"})
    with pytest.raises(DataError) as caught:
        catalog.load("x")
    assert str(caught.value) == "<python>: dataset 'x' cannot be loaded: No such file or directory"


class Vault:
    def __init__(self, **entries: Any) -> None:
        self.entries = entries
        self.opened = 0

    def __call__(self) -> Value:
        self.opened += 1
        return located(self.entries, Origin("conf/local/credentials.yml"))


def test_credentials_are_looked_up_when_their_dataset_is_built_and_given_to_it(
    tmp_path: Path, foreign: str
) -> None:
    vault = Vault(lake={"password": "hush-hush"})
    entries = {"x": {"type": f"{foreign}.Locked", "filepath": "x", "credentials": "lake"}, "y": "y.csv"}
    catalog = Catalog.of(entries, root=tmp_path, credentials=vault)
    catalog.check()
    catalog.dataset("y")
    assert vault.opened == 0
    with pytest.raises(DataError) as caught:
        catalog.load("x")
    assert vault.opened == 1
    assert "hush" not in str(caught.value)
    assert "wrong password ***" in str(caught.value)
    assert "hush" not in repr(catalog.dataset("x")) + str(catalog.describe("x"))


@pytest.mark.parametrize(
    ("vault", "message"),
    [
        (None, "dataset 'x' needs credentials 'lake', which are not in any credentials file (add 'lake' to"),
        (Vault(lakes={}), "which are not in conf/local/credentials.yml (did you mean 'lakes'?)"),
        (Vault(lake="hush"), "dataset 'x' needs credentials 'lake', which must be a mapping"),
    ],
)
def test_missing_credentials_name_the_dataset_and_the_files(vault: Vault | None, message: str) -> None:
    catalog = Catalog.of({"x": {"filepath": "s3://b/x.csv", "credentials": "lake"}}, credentials=vault)
    with pytest.raises(CatalogError) as caught:
        catalog.dataset("x")
    assert message in str(caught.value)
