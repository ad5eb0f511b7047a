from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.types import packages_behind
from mlflow_tmpl.errors import CatalogError

SOURCE = """
class Shelf:
    def load(self): return 1
    def save(self, data): pass

THING = 3
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Return what makes a small installed distribution that announces a type."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def make(kind: str, target: str) -> str:
        name = f"brings_{uuid4().hex[:8]}"
        (site / f"{name}.py").write_text(SOURCE)
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[mlflow_tmpl.datasets]\n{kind} = {name}:{target}\n")
        return name

    return make


def refusal(catalog: Catalog) -> str:
    with pytest.raises(CatalogError) as caught:
        catalog.dataset("x")
    return str(caught.value)


def test_the_packages_behind_a_dataset_are_told_without_importing_them(
    install: Callable[[str, str], str],
) -> None:
    name = install("shelved", "Shelf")
    assert list(packages_behind({"type": "shelved"})) == ["shelved", "kedro_datasets", name]
    nested = {"type": "partitioned", "dataset": {"type": "csv"}, "load_args": {"type": 3}}
    assert next(packages_behind(nested)) == "pandas"
    assert list(packages_behind({"type": "memory"})) == []
    assert list(packages_behind({"type": "arrow.csv"})) == ["pyarrow"]


def test_a_type_that_a_package_brings_is_known(
    catalog_of: Callable[..., Catalog], install: Callable[[str, str], str]
):
    install("shelf", "Shelf")
    assert catalog_of(x={"type": "shelf"}).load("x") == 1
    assert "has an unknown type 'shelv' (did you mean 'shelf'?)" in refusal(catalog_of(x={"type": "shelv"}))


def test_a_type_that_two_packages_bring_is_refused_with_both(
    catalog_of: Callable[..., Catalog], install: Callable[[str, str], str]
):
    one, other = sorted([install("shelf", "Shelf"), install("shelf", "Shelf")])
    message = refusal(catalog_of(x={"type": "shelf"}))
    assert f"has type 'shelf', which {one} and {other} both bring (name the class by its path: " in message
    assert f"{one}.Shelf" in message


@pytest.mark.parametrize(
    ("target", "message"),
    [("THING", "is neither a class nor a Format"), ("Nothing", "cannot be imported from")],
)
def test_a_package_that_brings_something_else_is_refused(
    catalog_of: Callable[..., Catalog], install: Callable[[str, str], str], target: str, message: str
):
    install("odd", target)
    assert message in refusal(catalog_of(x={"type": "odd"}))


def test_a_class_of_kedro_that_is_not_installed_is_told_with_what_to_install(
    catalog_of: Callable[..., Catalog],
):
    message = refusal(catalog_of(x={"type": "galaxies.StarMapDataset", "filepath": "x"}))
    assert "pip install 'kedro-datasets[galaxies-starmapdataset]'" in message


def test_kedros_short_names_are_known_and_near_misses_told(
    catalog_of: Callable[..., Catalog], tmp_path: Path
):
    pytest.importorskip("kedro_datasets")
    networkx = pytest.importorskip("networkx")
    catalog = catalog_of(x={"type": "networkx.GMLDataset", "filepath": "g.gml"})
    assert not catalog.exists("x")
    saved = catalog.put("x", networkx.path_graph(3))
    assert saved == catalog.dataset("x").fingerprint()
    assert len(catalog.load("x")) == 3
    (tmp_path / "g.gml").write_text("graph []")
    assert catalog.dataset("x").fingerprint() != saved
    near = refusal(catalog_of(x={"type": "networkx.GMDataset", "filepath": "g.gml"}))
    assert "did you mean 'networkx.GMLDataset'?" in near


def test_our_format_is_taken_where_kedros_name_is_ours(catalog_of: Callable[..., Catalog]):
    assert catalog_of(x={"type": "pandas.CSVDataset", "filepath": "x.csv"}).describe("x")["type"] == "csv"
